# Iterated estimates of tau2 and Q-profile intervals by metafor with its tolerances tightened: by
# default it stops at 1e-5 (scoring) and 1e-4 (root finding), and at tau2 = 100 or so (intervals).
#
#     Rscript classical.R sets.json iterated.json
#
# sets.json holds {"<name>": {"yi": [...], "vi": [...]}}; `classical.py` writes it.
library(jsonlite)
suppressPackageStartupMessages(library(metafor))
args <- commandArgs(TRUE)
methods <- c("ML", "REML", "PM", "EB", "PMM")

# Scoring steps stop changing at the rounding of tau2 itself: the tightest threshold that is reached.
estimate <- function(effect, variance, method) {
  for (threshold in 10^-(15:9)) {
    control <- list(threshold = threshold, tol = 1e-15, maxiter = 10000, tau2.max = 1e9,
                    stepadj = 0.5)
    fit <- tryCatch(rma(effect, variance, method = method, control = control),
                    error = function(e) NULL)
    if (!is.null(fit)) return(fit$tau2)
  }
  NA
}

one <- function(set) {
  effect <- set$yi
  variance <- set$vi
  tau2 <- lapply(setNames(nm = methods), function(m) estimate(effect, variance, m))
  found <- confint(rma(effect, variance, method = "DL"),
                   control = list(tol = 1e-15, tau2.max = 1e9, maxiter = 10000))
  ends <- unname(found$random[1, c("ci.lb", "ci.ub")])
  list(tau2 = tau2, q_profile = ends)
}

out <- list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
            sets = lapply(fromJSON(args[1]), one))
write_json(out, args[2], digits = NA, auto_unbox = TRUE, na = "null")
