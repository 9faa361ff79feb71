# Time R's bayesmeta. Called by run.py:
#
#   Rscript bayesmeta.R versions
#   Rscript bayesmeta.R print    STUDIES.csv MU_SD TAU_SCALE
#   Rscript bayesmeta.R fit      STUDIES.csv MU_SD TAU_SCALE shortest|central REPEATS
#   Rscript bayesmeta.R priors   STUDIES.csv MU_SD PRIORS.csv
#   Rscript bayesmeta.R datasets DATASETS.csv MU_SD TAU_SCALE
#
# The prior of mu is normal around 0, that of tau half-normal, unless PRIORS.csv says otherwise.
# Prints lines of "word value ..." (for `print`, the tables that a user would look at).
#
# Intervals are central, as ours are, where it is not said that they are shortest, its default.
#
# bayesmeta() always computes the shrinkage estimates of all studies with their intervals, and the
# weights of all studies in these: no argument leaves them out, or the intervals.

suppressPackageStartupMessages(library(bayesmeta))

fit <- function(studies, mu_sd, tau_prior, interval = "central") {
  bayesmeta(y = studies$effect, sigma = studies$std_error, tau.prior = tau_prior,
            mu.prior = c(mean = 0, sd = mu_sd), interval.type = interval)
}

tau_prior <- function(scale, family = "HalfNormal") {
  density <- list(HalfNormal = dhalfnormal, HalfCauchy = dhalfcauchy)[[family]]
  function(t) density(t, scale = scale)
}

# R compiles a function when it is called for the second or third time.
warm_up <- function() {
  other <- data.frame(effect = c(0.1, 0.4, -0.2), std_error = c(0.2, 0.3, 0.25))
  for (i in 1:3) fit(other, 2, tau_prior(0.5))
}

# Run each of some calls; print what each took, and give the result of the last.
timed <- function(calls) {
  warm_up()
  for (call in calls) {
    started <- Sys.time()
    result <- call()
    cat("seconds", as.numeric(difftime(Sys.time(), started, units = "secs")), "\n")
  }
  result
}

print_intervals <- function(result, studies) {
  rows <- c("95% lower", "95% upper", "sd")
  theta <- result$theta[rows, , drop = FALSE]
  colnames(theta) <- sprintf("theta_%d", seq_len(nrow(studies)))
  summary <- result$summary[rows, c("mu", "tau", "theta")]
  colnames(summary)[3] <- "theta_new"
  all <- cbind(summary, theta)
  for (name in colnames(all)) cat("interval", name, sprintf("%.17g", all[, name]), "\n")
}

arguments <- commandArgs(trailingOnly = TRUE)
task <- arguments[1]
number <- function(position) as.numeric(arguments[position])

if (task == "versions") {
  cat("version R", paste(R.version$major, R.version$minor, sep = "."), "\n")
  cat("version bayesmeta", as.character(packageVersion("bayesmeta")), "\n")
} else if (task == "print") {
  result <- fit(read.csv(arguments[2]), number(3), tau_prior(number(4)))
  print(result)
  print(result$theta)
} else if (task == "fit") {
  studies <- read.csv(arguments[2])
  prior <- tau_prior(number(4))
  call <- function() fit(studies, number(3), prior, arguments[5])
  print_intervals(timed(rep(list(call), number(6))), studies)
} else if (task == "priors") {
  studies <- read.csv(arguments[2])
  priors <- read.csv(arguments[4])
  invisible(timed(Map(function(family, scale) {
    function() fit(studies, number(3), tau_prior(scale, family))
  }, priors$family, priors$scale)))
} else if (task == "datasets") {
  datasets <- read.csv(arguments[2])
  invisible(timed(lapply(split(datasets, datasets$dataset), function(studies) {
    function() fit(studies, number(3), tau_prior(number(4)))
  })))
} else {
  stop("unknown task: ", task)
}
