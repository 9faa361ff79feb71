# Baujat plots of the data sets of classical.json.gz by metafor: x and y of each study, with the
# inverse-variance common-effect model. Nothing of bayesmeta is used.
#
#     gunzip -c tests/reference/classical.json.gz | sed 's/Infinity/null/g' > classical.json
#     Rscript tests/reference/baujat.R classical.json tests/reference/baujat.json
#
# One data set with a single study, of which there is no such plot, is left out.
library(jsonlite)
suppressPackageStartupMessages(library(metafor))
args <- commandArgs(TRUE)

one <- function(set) {
  fit <- rma(set$effect, set$variance, method = "EE")
  found <- baujat(fit)
  list(x = found$x, y = found$y, QE = fit$QE)
}

pdf(NULL)
sets <- Filter(function(set) length(set$effect) > 1, fromJSON(args[1])$sets)
out <- list(
  provenance = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                    script = "baujat.R",
                    source = "metafor::baujat(rma(effect, variance, method = \"EE\"))"),
  sets = lapply(sets, one)
)
write_json(out, args[2], digits = I(13), auto_unbox = TRUE, na = "null")
