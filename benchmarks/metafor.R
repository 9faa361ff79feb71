# Time R's metafor: a frequentist fit by restricted maximum likelihood. Called by run.py:
#
#   Rscript metafor.R versions
#   Rscript metafor.R print    STUDIES.csv
#   Rscript metafor.R fit      STUDIES.csv REPEATS
#   Rscript metafor.R datasets DATASETS.csv
#
# A fit is rma() for mu with its interval, confint() for tau, predict() for the prediction interval
# and blup() for the effects of the studies: what bayesmeta gives in one call. The time of rma()
# alone is printed as "alone". Where REML does not converge, the words end with "-failed".

suppressPackageStartupMessages(library(metafor))

fit_alone <- function(studies) {
  rma(yi = effect, sei = std_error, data = studies, method = "REML")
}

fit <- function(studies) {
  model <- fit_alone(studies)
  list(model = model, tau = confint(model), new = predict(model), studies = blup(model))
}

elapsed <- function(call, word) {
  started <- Sys.time()
  failed <- is.null(tryCatch(call(), error = function(problem) NULL))
  passed <- as.numeric(difftime(Sys.time(), started, units = "secs"))
  cat(paste0(word, if (failed) "-failed"), passed, "\n")
}

timed <- function(all_studies) {
  other <- data.frame(effect = c(0.1, 0.4, -0.2), std_error = c(0.2, 0.3, 0.25))
  for (i in 1:3) fit(other)
  for (studies in all_studies) elapsed(function() fit(studies), "seconds")
  for (studies in all_studies) elapsed(function() fit_alone(studies), "alone")
}

arguments <- commandArgs(trailingOnly = TRUE)
task <- arguments[1]

if (task == "versions") {
  cat("version R", paste(R.version$major, R.version$minor, sep = "."), "\n")
  cat("version metafor", as.character(packageVersion("metafor")), "\n")
} else if (task == "print") {
  print(fit(read.csv(arguments[2])))
} else if (task == "fit") {
  timed(rep(list(read.csv(arguments[2])), as.integer(arguments[3])))
} else if (task == "datasets") {
  datasets <- read.csv(arguments[2])
  timed(split(datasets, datasets$dataset))
} else {
  stop("unknown task: ", task)
}
