# Long runs of JAGS for binomial and Poisson models, with the error of each number.
#
#     Rscript binomial.R binomial.json binomial_mcmc.json
#
# binomial.json has the counts; `binomial.py` writes it. Every run has 8 chains that keep `kept`
# draws each, one in `thin`. Monte Carlo errors are from the spread of the statistic over 40 batches
# of consecutive draws, five to a chain, which are far longer than the autocorrelation. Names of
# runs after the two files restrict it to these.
suppressPackageStartupMessages({
  library(jsonlite)
  library(rjags)
})
args <- commandArgs(TRUE)
data <- fromJSON(args[1])$data
only <- args[-(1:2)]

arms <- "
  for (i in 1:k) {
    r1[i] ~ dbin(p1[i], n1[i])
    r2[i] ~ dbin(p2[i], n2[i])
    logit(p1[i]) <- alpha[i] + theta[i] / 2
    logit(p2[i]) <- alpha[i] - theta[i] / 2"
effects <- "
    theta[i] ~ dnorm(mu, precision)
  }
  precision <- 1 / max(tau * tau, 1.0E-12)
  theta_new ~ dnorm(mu, precision)"
fixed <- "
    alpha[i] ~ dnorm(0, 0.01)"
half <- "
  mu ~ dnorm(0, 1 / 16)
  tau ~ dnorm(0, 4) T(0,)"
single <- "
  tau ~ dnorm(0, 1) T(0,)"

two_arm <- paste0("model {", arms, fixed, effects, half, "\n}")
heavy <- sub("theta_new ~ dnorm(mu, precision)", "theta_new ~ dt(mu, precision, 4)",
             sub("theta[i] ~ dnorm(mu, precision)", "theta[i] ~ dt(mu, precision, 4)",
                 two_arm, fixed = TRUE), fixed = TRUE)
# The same model, which mixes ten times faster where studies say little of theta.
noncentred <- sub("theta[i] ~ dnorm(mu, precision)",
                  "z[i] ~ dnorm(0, 1)\n    theta[i] <- mu + tau * z[i]", two_arm, fixed = TRUE)
exchangeable <- paste0("model {", arms, "
    alpha[i] ~ dnorm(m, 1 / max(s * s, 1.0E-12))", effects, half, "
  m ~ dnorm(0, 0.01)
  s ~ dnorm(0, 0.25) T(0,)\n}")
one_arm <- paste0("model {
  for (i in 1:k) {
    r[i] ~ dbin(p[i], n[i])
    logit(p[i]) <- theta[i]", effects, single, "
  mu ~ dlogis(0, 1)\n}")
poisson <- paste0("model {
  for (i in 1:k) {
    r1[i] ~ dpois(t1[i] * exp(alpha[i] + theta[i] / 2))
    r2[i] ~ dpois(t2[i] * exp(alpha[i] - theta[i] / 2))", fixed, effects, half, "\n}")
poisson_one <- paste0("model {
  for (i in 1:k) {
    r[i] ~ dpois(t[i] * exp(theta[i]))", effects, single, "
  mu ~ dnorm(0, 0.01)\n}")
# rho is kept away from 0 and 1 by 1e-9 only; p1[i] and p2[i] are the probabilities of the arms.
beta_one <- "model {
  for (i in 1:k) {
    r[i] ~ dbin(p[i], n[i])
    p[i] ~ dbeta(m * size, (1 - m) * size) T(1.0E-300, 0.9999999999999999)
  }
  logit(m) <- mu
  size <- (1 - rho) / rho
  rho ~ dunif(1.0E-9, 0.999999999)
  mu ~ dlogis(0, 1)
}"
beta_two <- "model {
  for (i in 1:k) {
    r1[i] ~ dbin(p1[i], n1[i])
    r2[i] ~ dbin(p2[i], n2[i])
    p1[i] ~ dbeta(m1 * size, (1 - m1) * size) T(1.0E-300, 0.9999999999999999)
    p2[i] ~ dbeta(m2 * size, (1 - m2) * size) T(1.0E-300, 0.9999999999999999)
  }
  logit(m1) <- alpha + mu / 2
  logit(m2) <- alpha - mu / 2
  size <- (1 - rho) / rho
  rho ~ dunif(1.0E-9, 0.999999999)
  alpha ~ dnorm(0, 0.01)
  mu ~ dnorm(0, 1 / 16)
}"

two <- function(name) {
  d <- data$two_arm[[name]]
  list(k = length(d$total_control), r1 = d$events_treatment, n1 = d$total_treatment,
       r2 = d$events_control, n2 = d$total_control)
}
one <- function(name) {
  d <- data$one_arm[[name]]
  list(k = length(d$total), r = d$events, n = d$total)
}
rates <- data$rates$dat.nielweise2008
k <- length(rates$events_control)
main <- c("mu", "tau", "theta_new", "theta")
priors <- list(mu = "Normal(0, 4)", tau = "HalfNormal(0.5)", alpha = "Normal(0, 10)")
single_priors <- list(mu = "Logistic(0, 1)", tau = "HalfNormal(1)")

run <- function(name, dataset, about, priors, model, data, watched = main, kept = 25000, thin = 10)
  list(name = name, dataset = dataset, about = about, priors = priors, model = model, data = data,
       watched = watched, kept = kept, thin = thin)
about_two <- "two arms, binomial, coding half, theta normal"
runs <- list(
  run("crins", "Crins2014_AR", about_two, priors, two_arm, two("Crins2014_AR"), thin = 20),
  run("one_pritz", "dat.pritz1997", "one arm, binomial, theta normal", single_priors, one_arm,
      one("dat.pritz1997")),
  run("one_debruin", "dat.debruin2009", "one arm, binomial, theta normal", single_priors, one_arm,
      one("dat.debruin2009")),
  run("poisson_two", "dat.nielweise2008", "two arms, Poisson, coding half, theta normal", priors,
      poisson, list(k = k, r1 = rates$events_treatment, t1 = rates$time_treatment,
                    r2 = rates$events_control, t2 = rates$time_control), thin = 15),
  run("poisson_one", "dat.nielweise2008", "control arms only, Poisson, theta normal",
      list(mu = "Normal(0, 10)", tau = "HalfNormal(1)"), poisson_one,
      list(k = k, r = rates$events_control, t = rates$time_control)),
  run("crins_t", "Crins2014_AR",
      "two arms, binomial, coding half; theta Student-t, 4 degrees of freedom, scale tau", priors,
      heavy, two("Crins2014_AR"), thin = 20),
  run("crins_exchangeable", "Crins2014_AR",
      "two arms, binomial, coding half, theta normal; alpha_i ~ Normal(m, s^2)",
      list(mu = "Normal(0, 4)", tau = "HalfNormal(0.5)", m = "Normal(0, 10)",
           s = "HalfNormal(2)"), exchangeable, two("Crins2014_AR"), c(main, "m", "s"), thin = 20),
  run("beta_one", "dat.debruin2009",
      "one arm, beta-binomial: mean expit(mu), intraclass correlation rho",
      list(mu = "Logistic(0, 1)", rho = "Uniform(0, 1)"), beta_one, one("dat.debruin2009"),
      c("mu", "rho")),
  run("beta_two", "Crins2014_AR", paste(
      "two arms, beta-binomial: means expit(alpha + mu / 2) and expit(alpha - mu / 2), one alpha",
      "for all studies, intraclass correlation rho; arms are independent"),
      list(mu = "Normal(0, 4)", alpha = "Normal(0, 10)", rho = "Uniform(0, 1)"), beta_two,
      two("Crins2014_AR"), c("mu", "alpha", "rho")),
  run("bcg", "dat.bcg", about_two, priors, two_arm, two("dat.bcg")),
  run("collins", "dat.collins1985b", about_two, priors, two_arm, two("dat.collins1985b")),
  run("nissen", "dat.nissen2007_mi", about_two, priors, noncentred,
      two("dat.nissen2007_mi"))
)

statistics <- function(x)
  c(mean(x), sd(x), quantile(x, c(0.5, 0.025, 0.975), names = FALSE), mean(x < 0))
names_of <- c("mean", "sd", "median", "lower", "upper", "below_zero")

summary_of <- function(chains, name) {
  draws <- lapply(chains, function(chain) as.numeric(chain[, name]))
  size <- length(draws[[1]]) / 5
  batches <- do.call(c, lapply(draws, function(x) split(x, rep(1:5, each = size))))
  spread <- apply(sapply(batches, statistics), 1, sd) / sqrt(length(batches))
  list(estimate = setNames(as.list(statistics(unlist(draws))), names_of),
       mcse = setNames(as.list(spread), names_of),
       ess = unname(sum(sapply(draws, function(x) effectiveSize(mcmc(x))))))
}

sampled <- function(r, seed, chains) {
  start <- lapply(1:chains, function(i)
    list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = seed + i))
  model <- jags.model(textConnection(r$model), r$data, start, n.chains = chains, n.adapt = 2000,
                      quiet = TRUE)
  update(model, 5000, progress.bar = "none")
  coda.samples(model, r$watched, r$kept * r$thin, r$thin, progress.bar = "none")
}

results <- list()
for (j in seq_along(runs)) {
  r <- runs[[j]]
  if (length(only) && !(r$name %in% only)) next
  began <- proc.time()[[3]]
  seed <- 1000 * j
  chains <- sampled(r, seed, 8)
  every <- colnames(chains[[1]])
  kept <- setdiff(every, grep("^theta\\[", every, value = TRUE))
  found <- lapply(setNames(nm = kept), function(name) summary_of(chains, name))
  theta <- NULL
  if ("theta" %in% r$watched) {
    each <- lapply(sprintf("theta[%d]", seq_len(r$data$k)), function(n) summary_of(chains, n))
    theta <- list(mean = sapply(each, function(x) x$estimate$mean),
                  sd = sapply(each, function(x) x$estimate$sd),
                  mcse_mean = sapply(each, function(x) x$mcse$mean),
                  mcse_sd = sapply(each, function(x) x$mcse$sd))
  }
  rhat <- gelman.diag(as.mcmc.list(lapply(chains, function(x) x[, kept, drop = FALSE])),
                      autoburnin = FALSE, multivariate = FALSE)$psrf[, 1]
  results[[r$name]] <- list(
    data = r$dataset, about = r$about, priors = r$priors, model = r$model,
    seeds = seed + 1:8, chains = 8, adapted = 2000, burned = 5000, kept_per_chain = r$kept,
    thin = r$thin, seconds = round(proc.time()[[3]] - began), rhat = max(rhat),
    posterior = found, theta = theta)
  cat(r$name, results[[r$name]]$seconds, "s, rhat", max(rhat), "ess",
      sapply(found, function(x) round(x$ess)), "\n")
  note <- paste("Posteriors by JAGS. Priors: normal ones by their standard deviation. lower and",
                "upper: central 95 % interval; below_zero: probability of a negative value; mcse:",
                "Monte Carlo standard error of each; ess: effective sample size by coda. theta:",
                "study effects in the order of the data, which are in binomial.json.")
  out <- list(about = note, provenance = list(
    R = R.version.string, rjags = as.character(packageVersion("rjags")),
    JAGS = as.character(jags.version()), coda = as.character(packageVersion("coda")),
    date = format(Sys.Date()), command = "Rscript binomial.R binomial.json binomial_mcmc.json",
    generator = "base::Mersenne-Twister, one seed for each chain"), runs = results)
  write_json(out, args[2], digits = I(8), auto_unbox = TRUE, null = "null", na = "null")
}
