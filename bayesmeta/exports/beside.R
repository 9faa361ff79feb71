need <- function(...) {
  packages <- c(...)
  there <- vapply(packages, requireNamespace, logical(1), quietly = TRUE)
  if (!all(there)) {
    names <- paste0('"', packages[!there], '"', collapse = ", ")
    stop("install what is missing first: install.packages(c(", names, "))", call. = FALSE)
  }
}

attempt <- function(what, expression) {
  tryCatch(expression, error = function(problem) {
    cat(what, "stopped:", conditionMessage(problem), "\n")
    NULL
  })
}

beside <- function(ours, theirs, who) {
  # Prints two tables of estimates (rows mu, tau, theta_new) and the largest difference. The unit
  # is our posterior sd; a quarter of our interval where the sd does not exist.
  shown <- c("median", "mean", "sd", "lower", "upper")
  theirs <- as.data.frame(theirs)[rownames(ours), shown]
  both <- rbind(ours[, shown], theirs)[order(rep(seq_len(nrow(ours)), 2)), ]
  rownames(both) <- paste(rep(rownames(ours), each = 2), c("here", who))
  print(both, digits = 5)
  unit <- ifelse(is.finite(ours$sd), ours$sd, (ours$upper - ours$lower) / 4)
  off <- abs(as.matrix(theirs) - as.matrix(ours[, shown])) / unit
  if (!all(is.finite(as.matrix(ours[, shown])))) {
    cat("A mean or sd that is Inf or NA here does not exist; R prints one, which is left out.\n")
  }
  off[!is.finite(off)] <- NA
  worst <- which(off == max(off, na.rm = TRUE), arr.ind = TRUE)[1, ]
  cat(sprintf("largest difference: %.3g posterior sd, in the %s of %s\n",
              max(off, na.rm = TRUE), shown[worst[2]], rownames(ours)[worst[1]]))
  if (any(is.finite(ours$mcse_mean))) {
    cat(sprintf("Monte Carlo error of the means here: up to %.2g posterior sd\n",
                max(ours$mcse_mean / unit, na.rm = TRUE)))
  }
  invisible(off)
}
