# Long runs of JAGS for hierarchical structures, with the error of each number.
#
#     Rscript structures_jags.R structures_exact.json ../../data structures_jags.json [NAME ...]
#
# structures_exact.json has the effects; `structures_exact.py` writes it. Counts are in the folder of
# data. Every run has 4 chains that keep 50000 draws each, one in `thin`. Monte Carlo errors are from
# the spread of the statistic over 40 batches of consecutive draws, ten to a chain. Effects theta
# that the likelihood does not need (it has y_i ~ N(mu, s_i^2 + tau^2)) are drawn given the rest:
# theta_i ~ N(mu + b_i (y_i - mu), b_i s_i^2), b_i = tau^2 / (tau^2 + s_i^2). Runs with the name
# check_* are of models of structures_exact.json, written without any such integration. With names
# of runs after the files only these are computed; the others stay as they are in the file.
suppressPackageStartupMessages({
  library(jsonlite)
  library(rjags)
  library(parallel)
})
load.module("glm", quiet = TRUE)
args <- commandArgs(TRUE)
data <- fromJSON(args[1])$data
only <- args[-(1:3)]
counts <- function(name) read.csv(file.path(args[2], name), fileEncoding = "UTF-8")

floor_of <- function(x) sprintf("1 / max(%s * %s, 1.0E-12)", x, x)
half <- function(...) paste0("\n  ", c(...), " ~ dnorm(0, 4) T(0,)", collapse = "")

# --- models

separate <- paste0("model {
  for (i in 1:k) {
    y[i] ~ dnorm(mu[group[i]], 1 / (v[i] + tau[group[i]]^2))
    b[i] <- tau[group[i]]^2 / (v[i] + tau[group[i]]^2)
    theta[i] ~ dnorm(mu[group[i]] + b[i] * (y[i] - mu[group[i]]), 1 / max(b[i] * v[i], 1.0E-12))
  }
  for (g in 1:groups) {
    mu[g] ~ dnorm(0, 1 / 4)
    tau[g] ~ dnorm(0, 4) T(0,)
    theta_new[g] ~ dnorm(mu[g], ", floor_of("tau[g]"), ")
  }
}")

student <- paste0("model {
  for (i in 1:k) {
    lambda[i] ~ dgamma(nu / 2, nu / 2)
    s2[i] <- tau^2 / lambda[i]
    y[i] ~ dnorm(mu, 1 / (v[i] + s2[i]))
    b[i] <- s2[i] / (v[i] + s2[i])
    theta[i] ~ dnorm(mu + b[i] * (y[i] - mu), 1 / max(b[i] * v[i], 1.0E-12))
  }
  theta_new ~ dt(mu, ", floor_of("tau"), ", nu)
  mu ~ dnorm(0, 1 / 4)
  nu ~ dgamma(2, 0.1) T(1,)", half("tau"), "\n}")

mixture <- paste0("model {
  for (i in 1:k) {
    outlier[i] ~ dbern(p_outlier)
    s2[i] <- tau^2 + outlier[i] * tau_outlier^2
    y[i] ~ dnorm(mu, 1 / (v[i] + s2[i]))
    b[i] <- s2[i] / (v[i] + s2[i])
    theta[i] ~ dnorm(mu + b[i] * (y[i] - mu), 1 / max(b[i] * v[i], 1.0E-12))
    narrow[i] <- (1 - p_outlier) * dnorm(y[i], mu, 1 / (v[i] + tau^2))
    wide[i] <- p_outlier * dnorm(y[i], mu, 1 / (v[i] + tau^2 + tau_outlier^2))
    probability[i] <- wide[i] / (narrow[i] + wide[i])
  }
  new ~ dbern(p_outlier)
  theta_new ~ dnorm(mu, 1 / max(tau^2 + new * tau_outlier^2, 1.0E-12))
  mu ~ dnorm(0, 1 / 4)
  p_outlier ~ dbeta(1, 9)
  tau_outlier ~ dnorm(0, 1 / 4) T(0,)", half("tau"), "\n}")

two_arm <- paste0("model {
  for (i in 1:k) {
    r1[i] ~ dbin(p1[i], n1[i])
    r2[i] ~ dbin(p2[i], n2[i])
    logit(p1[i]) <- alpha[i] + theta[i] / 2
    logit(p2[i]) <- alpha[i] - theta[i] / 2
    alpha[i] ~ dnorm(0, 0.01)
    z[i] ~ dnorm(0, 1)
    theta[i] <- mu[group[i]] + tau * z[i]
  }
  for (g in 1:groups) {
    d[g] ~ dnorm(0, 1)
    mu[g] <- mu_overall + omega * d[g]
    theta_new[g] ~ dnorm(mu[g], ", floor_of("tau"), ")
  }
  mu_new_subgroup ~ dnorm(mu_overall, ", floor_of("omega"), ")
  theta_new_of_new_subgroup ~ dnorm(mu_new_subgroup, ", floor_of("tau"), ")
  mu_overall ~ dnorm(0, 1 / 16)", half("omega", "tau"), "\n}")

one_arm <- paste0("model {
  for (i in 1:k) {
    r[i] ~ dbin(p[i], n[i])
    logit(p[i]) <- theta[i]
    theta[i] ~ dnorm(mu[group[i]], ", floor_of("tau"), ")
  }
  for (g in 1:groups) {
    mu[g] ~ dlogis(0, 1)
    theta_new[g] ~ dnorm(mu[g], ", floor_of("tau"), ")
  }
  tau ~ dnorm(0, 1) T(0,)\n}")

# Correlated errors of a cluster j: e_i = s_i (sqrt(rho) c_j + sqrt(1 - rho) epsilon_i).
clustered <- function(mean, rho, more)
  paste0("model {
  for (i in 1:k) {
    m[i] <- ", mean, " + u[cluster[i]]
    v1[i] <- (1 - rho) * v[i]
    y[i] ~ dnorm(m[i] + sqrt(rho * v[i]) * c[cluster[i]], 1 / (v1[i] + tau_within^2))
    b[i] <- tau_within^2 / (v1[i] + tau_within^2)
    theta[i] ~ dnorm(m[i] + b[i] * (y[i] - m[i] - sqrt(rho * v[i]) * c[cluster[i]]),
                     1 / max(b[i] * v1[i], 1.0E-12))
  }
  for (j in 1:clusters) {
    c[j] ~ dnorm(0, 1)
    u[j] ~ dnorm(0, ", floor_of("tau"), ")
  }
  u_new ~ dnorm(0, ", floor_of("tau"), ")", rho, more, half("tau", "tau_within"), "\n}")
nested <- clustered("mu", "\n  rho ~ dunif(0, 1)", paste0("
  mu ~ dnorm(0, 1 / 4)
  cluster_new <- mu + u_new
  theta_new ~ dnorm(mu + u_new, ", floor_of("tau_within"), ")"))
walk <- paste0("
  mu[1] ~ dnorm(0, 1 / 4)
  for (t in 2:times) {
    step[t] ~ dnorm(0, 1)
    mu[t] <- mu[t - 1] + omega * sqrt(gap[t]) * step[t]
  }", half("omega"))
walk_nested <- clustered("mu[time[i]]", "\n  rho <- 0.5", paste0(walk, "
  for (t in 1:times) {
    theta_new[t] ~ dnorm(mu[t] + u_new, ", floor_of("tau_within"), ")
  }"))

check_exchangeable <- paste0("model {
  for (i in 1:k) {
    y[i] ~ dnorm(theta[i], 1 / v[i])
    theta[i] ~ dnorm(mu[group[i]], ", floor_of("tau"), ")
  }
  for (g in 1:groups) {
    d[g] ~ dnorm(0, 1)
    mu[g] <- mu_overall + omega * d[g]
    theta_new[g] ~ dnorm(mu[g], ", floor_of("tau"), ")
  }
  mu_new_subgroup ~ dnorm(mu_overall, ", floor_of("omega"), ")
  theta_new_of_new_subgroup ~ dnorm(mu_new_subgroup, ", floor_of("tau"), ")
  mu_overall ~ dnorm(0, 1 / 4)", half("omega", "tau"), "\n}")
check_walk <- paste0("model {
  for (i in 1:k) {
    y[i] ~ dnorm(theta[i], 1 / v[i])
    theta[i] ~ dnorm(mu[time[i]], ", floor_of("tau"), ")
  }
  for (t in 1:times) {
    theta_new[t] ~ dnorm(mu[t], ", floor_of("tau"), ")
  }", walk, half("tau"), "\n}")
check_regression <- paste0("model {
  for (i in 1:k) {
    y[i] ~ dnorm(theta[i], 1 / v[i])
    theta[i] ~ dnorm(mu + beta[1] * (x[i, 1] - mean(x[, 1])) + beta[2] * x[i, 2]
                     + beta[3] * x[i, 3], ", floor_of("tau"), ")
  }
  theta_new ~ dnorm(mu, ", floor_of("tau"), ")
  mu ~ dnorm(0, 1 / 4)
  beta[1] ~ dnorm(0, 100)
  beta[2] ~ dnorm(0, 1)
  beta[3] ~ dnorm(0, 1)", half("tau"), "\n}")
check_nested <- paste0("model {
  for (j in 1:clusters) {
    y[first[j]:last[j]] ~ dmnorm(theta[first[j]:last[j]], W[first[j]:last[j], first[j]:last[j]])
    m[j] ~ dnorm(mu, ", floor_of("tau"), ")
  }
  for (i in 1:k) {
    theta[i] ~ dnorm(m[cluster[i]], ", floor_of("tau_within"), ")
  }
  cluster_new ~ dnorm(mu, ", floor_of("tau"), ")
  theta_new ~ dnorm(cluster_new, ", floor_of("tau_within"), ")
  mu ~ dnorm(0, 1 / 4)", half("tau", "tau_within"), "\n}")

# --- data

effects <- function(d, ...) list(y = d$effect, v = d$variance, k = length(d$effect), ...)
levels_of <- function(x) as.character(unique(x))
grouped <- function(d, labels)
  effects(d, group = match(labels, levels_of(labels)), groups = length(levels_of(labels)))
bcg <- data$bcg
oa <- data$oa_pain
times <- data$oa_pain_times
assink <- data$assink
months <- sort(unique(times$months))
timed <- effects(times, time = match(times$months, months), times = length(months),
                 gap = c(NA, diff(months) / mean(diff(months))))
studies <- levels_of(times$study)
clustered_data <- effects(assink, cluster = assink$cluster, clusters = max(assink$cluster))
s <- sqrt(assink$variance)
same <- outer(assink$cluster, assink$cluster, "==")
errors <- outer(s, s) * same * 0.6
diag(errors) <- assink$variance
multivariate <- list(y = assink$effect, k = length(s), cluster = assink$cluster,
                     clusters = max(assink$cluster), W = solve(errors),
                     first = match(1:max(assink$cluster), assink$cluster),
                     last = length(s) + 1 - match(1:max(assink$cluster), rev(assink$cluster)))
design <- cbind(bcg$ablat, bcg$alloc == "random", bcg$alloc == "systematic")

ibd <- subset(counts("msc_ibd_remission.csv"), primary == "yes")
ssc <- subset(counts("msc_ssc_adverse_events.csv"), !is.na(ae_patients))
ssc$tissue <- ifelse(startsWith(ssc$tissue_source, "adipose"), "adipose", ssc$tissue_source)
ibd_data <- list(study = ibd$trial, tissue_source = ibd$tissue_source,
                 events_treatment = ibd$events_msc, total_treatment = ibd$n_msc,
                 events_control = ibd$events_ctl, total_control = ibd$n_ctl)
ssc_data <- list(study = ssc$study, tissue_source = ssc$tissue, events = ssc$ae_patients,
                 total = ssc$n)
group_of <- function(labels)
  list(group = match(labels, levels_of(labels)), groups = length(levels_of(labels)))

# --- runs

N <- "Normal(0, 2)"
H <- "HalfNormal(0.5)"
run <- function(name, dataset, about, priors, model, data, watched, labels = list(), thin = 4,
                contrasts = NULL, no_moments = NULL)
  list(name = name, dataset = dataset, about = about, priors = priors, model = model, data = data,
       watched = watched, labels = labels, thin = thin, contrasts = contrasts,
       no_moments = no_moments)
subgroup_labels <- function(x, more = NULL)
  setNames(rep(list(levels_of(x)), 2 + length(more)), c("mu", "theta_new", more))
month_labels <- list(mu = months, theta_new = months)
overall <- c("mu_overall", "mu_new_subgroup", "theta_new_of_new_subgroup", "omega", "tau")
runs <- list(
  run("separate_bcg", "bcg",
      "subgroups by alloc: theta_i ~ N(mu_g, tau_g^2), mu_g and tau_g independent",
      list(mu = N, tau = H), separate, grouped(bcg, bcg$alloc),
      c("mu", "tau", "theta_new", "theta"), subgroup_labels(bcg$alloc, "tau"),
      contrasts = "mu"),
  run("student_oa_pain", "oa_pain", paste(
      "theta_i ~ Student-t(nu, mu, tau), tau its scale; nu ~ Gamma(shape 2, rate 0.1) truncated to",
      "nu >= 1 (renormalised). theta_new has no mean and no sd, as nu may be near 1"),
      list(mu = N, tau = H, nu = "Gamma(2, 0.1), nu >= 1"), student, effects(oa),
      c("mu", "tau", "nu", "theta_new", "theta"), thin = 20, no_moments = "theta_new"),
  run("mixture_oa_pain", "oa_pain", paste(
      "theta_i ~ (1 - p_outlier) N(mu, tau^2) + p_outlier N(mu, tau^2 + tau_outlier^2);",
      "probability[i]: that study i is from the second component"),
      list(mu = N, tau = H, tau_outlier = "HalfNormal(2)", p_outlier = "Beta(1, 9)"), mixture,
      effects(oa),
      c("mu", "tau", "tau_outlier", "p_outlier", "theta_new", "theta", "probability"), thin = 20),
  run("binomial_two_arm_ibd", "ibd_remission", paste(
      "events_treatment ~ Binomial(total_treatment, expit(alpha_i + theta_i / 2)), events_control ~",
      "Binomial(total_control, expit(alpha_i - theta_i / 2)), alpha_i independent, theta_i ~",
      "N(mu_g, tau^2), mu_g ~ N(mu_overall, omega^2), subgroups by tissue_source"),
      list(mu = "Normal(0, 4)", omega = H, tau = H, alpha = "Normal(0, 10)"), two_arm,
      c(list(k = nrow(ibd), r1 = ibd$events_msc, n1 = ibd$n_msc, r2 = ibd$events_ctl,
             n2 = ibd$n_ctl), group_of(ibd$tissue_source)),
      c("mu", "theta_new", overall, "theta", "alpha"), subgroup_labels(ibd$tissue_source),
      thin = 40, contrasts = "mu"),
  run("binomial_one_arm_ssc", "ssc_adverse_events", paste(
      "events ~ Binomial(total, expit(theta_i)), theta_i ~ N(mu_g, tau^2), mu_g independent, one",
      "tau, subgroups by tissue_source"),
      list(mu = "Logistic(0, 1)", tau = "HalfNormal(1)"), one_arm,
      c(list(k = nrow(ssc), r = ssc$ae_patients, n = ssc$n), group_of(ssc$tissue)),
      c("mu", "theta_new", "tau", "theta"), subgroup_labels(ssc$tissue), thin = 40,
      contrasts = "mu"),
  run("nested_rho_prior_assink", "assink", paste(
      "theta_ij = mu + u_i + w_ij, u_i ~ N(0, tau^2), w_ij ~ N(0, tau_within^2); sampling errors",
      "of a cluster have covariance rho s_i s_j"),
      list(mu = N, tau = H, tau_within = H, rho = "Uniform(0, 1)"), nested, clustered_data,
      c("mu", "tau", "tau_within", "rho", "cluster_new", "theta_new", "theta"), thin = 12),
  run("random_walk_nested_oa_pain", "oa_pain_times", paste(
      "theta_it = f_t + u_i + w_it for study i at month t, u_i ~ N(0, tau^2), w_it ~ N(0,",
      "tau_within^2); f_3 ~ N(0, 2^2), f_6 - f_3 ~ N(0, omega^2 3 / 4.5), f_12 - f_6 ~ N(0,",
      "omega^2 6 / 4.5); sampling errors of a study have covariance 0.5 s_i s_j; mu[t] is f_t;",
      "theta_new[t] is f_t + u_new + w_new"),
      list(mu = N, omega = H, tau = H, tau_within = H), walk_nested,
      c(timed, list(cluster = match(times$study, studies), clusters = length(studies))),
      c("mu", "theta_new", "omega", "tau", "tau_within", "theta"), month_labels, thin = 15,
      contrasts = "mu"),
  run("check_exchangeable_bcg", "bcg", "exchangeable_bcg of structures_exact.json",
      list(mu = N, omega = H, tau = H), check_exchangeable, grouped(bcg, bcg$alloc),
      c("mu", "theta_new", overall, "theta"), subgroup_labels(bcg$alloc), thin = 10,
      contrasts = "mu"),
  run("check_regression_alloc_bcg", "bcg", "regression_alloc_bcg of structures_exact.json",
      list(mu = N, "beta[ablat]" = "Normal(0, 0.1)", "beta[alloc=random]" = "Normal(0, 1)",
           "beta[alloc=systematic]" = "Normal(0, 1)", tau = H), check_regression,
      effects(bcg, x = design), c("mu", "beta", "tau", "theta_new", "theta"),
      list(beta = c("ablat", "alloc=random", "alloc=systematic")), thin = 10),
  run("check_random_walk_oa_pain", "oa_pain_times", "random_walk_oa_pain of structures_exact.json",
      list(mu = N, omega = H, tau = H), check_walk, timed,
      c("mu", "theta_new", "omega", "tau", "theta"), month_labels, thin = 5, contrasts = "mu"),
  run("check_nested_rho_assink", "assink", "nested_rho_assink of structures_exact.json",
      list(mu = N, tau = H, tau_within = H), check_nested, multivariate,
      c("mu", "tau", "tau_within", "cluster_new", "theta_new", "theta"), thin = 5)
)

# --- summaries

probabilities <- c(0.025, 0.1, 0.5, 0.9, 0.975)
statistics <- function(x) c(mean(x), sd(x), quantile(x, probabilities, names = FALSE))

summary_of <- function(draws) {
  size <- nrow(draws) / 10
  batches <- do.call(cbind, lapply(seq_len(ncol(draws)), function(j) matrix(draws[, j], size)))
  list(estimate = signif(statistics(as.numeric(draws)), 8),
       mcse = signif(apply(apply(batches, 2, statistics), 1, sd) / sqrt(ncol(batches)), 3),
       ess = round(sum(apply(draws, 2, function(x) effectiveSize(mcmc(x))))))
}

named <- function(node, labels) {
  stem <- sub("\\[.*", "", node)
  if (!(stem %in% names(labels))) return(node)
  sprintf("%s[%s]", stem, labels[[stem]][as.integer(gsub("\\D", "", sub(".*\\[", "", node)))])
}

sampled <- function(r, seed) {
  began <- proc.time()[[3]]
  start <- lapply(1:4, function(i)
    list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = seed + i))
  model <- jags.model(textConnection(r$model), r$data, start, n.chains = 4, n.adapt = 2000,
                      quiet = TRUE)
  update(model, 10000, progress.bar = "none")
  chains <- coda.samples(model, r$watched, 50000 * r$thin, r$thin, progress.bar = "none")
  nodes <- colnames(chains[[1]])
  draws <- setNames(lapply(nodes, function(n) sapply(chains, function(x) x[, n])),
                    sapply(nodes, named, r$labels))
  if (!is.null(r$contrasts)) {
    levels <- r$labels$mu
    for (pair in combn(length(levels), 2, simplify = FALSE)) {
      a <- levels[pair[1]]
      b <- levels[pair[2]]
      draws[[sprintf("contrast[%s - %s]", b, a)]] <-
        draws[[sprintf("mu[%s]", b)]] - draws[[sprintf("mu[%s]", a)]]
    }
  }
  found <- lapply(draws, summary_of)
  for (name in r$no_moments) {
    for (what in c("estimate", "mcse")) found[[name]][[what]][1:2] <- NA
    found[[name]]$ess <- NA
  }
  listed <- function(stem, what) {
    names <- sprintf("%s[%d]", stem, seq_len(r$data$k))
    if (names[1] %in% names(found)) unname(lapply(found[names], `[[`, what)) else NULL
  }
  plain <- found[!grepl("^(theta|alpha|probability)\\[", names(found))]
  rhat <- max(sapply(draws[setdiff(names(plain), r$no_moments)], function(x)
    gelman.diag(as.mcmc.list(lapply(1:4, function(j) mcmc(x[, j]))), autoburnin = FALSE)$psrf[1]))
  result <- list(
    data = r$dataset, about = r$about, priors = r$priors, model = r$model, seeds = seed + 1:4,
    chains = 4, adapted = 2000, burned = 10000, kept_per_chain = 50000, thin = r$thin,
    seconds = round(proc.time()[[3]] - began), rhat = signif(rhat, 8),
    estimates = lapply(plain, `[[`, "estimate"), mcse = lapply(plain, `[[`, "mcse"),
    ess = lapply(plain, `[[`, "ess"), theta = listed("theta", "estimate"),
    theta_mcse = listed("theta", "mcse"))
  for (stem in c("alpha", "probability")) if (stem %in% r$watched) {
    pick <- function(what, n) sapply(listed(stem, what), function(x) x[n])
    result[[stem]] <- list(mean = pick("estimate", 1), mcse = pick("mcse", 1))
    if (stem == "alpha") result[[stem]]$sd <- pick("estimate", 2)
  }
  cat(r$name, result$seconds, "s, rhat", result$rhat, "ess", min(unlist(result$ess), na.rm = TRUE), "\n")
  result
}

names(runs) <- sapply(runs, `[[`, "name")
seeds <- setNames(1000 * seq_along(runs), names(runs))
chosen <- if (length(only)) intersect(names(runs), only) else names(runs)
results <- mclapply(setNames(nm = chosen), function(n) sampled(runs[[n]], seeds[[n]]),
                    mc.cores = 2, mc.preschedule = FALSE)
failed <- sapply(results, inherits, "try-error")
if (any(failed)) print(results[failed])
results <- results[!failed]
if (length(only) && file.exists(args[3])) {
  kept <- fromJSON(args[3], simplifyVector = TRUE, simplifyMatrix = FALSE,
                   simplifyDataFrame = FALSE)$runs
  results <- c(kept[setdiff(names(kept), names(results))], results)
}
results <- results[intersect(names(runs), names(results))]
note <- paste(
  "Posteriors of hierarchical structures by JAGS. Effects are in structures_exact.json; names and",
  "statistics as there. Normal priors are by their standard deviation. mcse: Monte Carlo standard",
  "error of each statistic; ess: effective sample size by coda. theta: in the order of the data.",
  "probability is the mean of p(outlier | y, parameters). Runs check_* are of models of",
  "structures_exact.json.")
provenance <- list(
  R = R.version.string, rjags = as.character(packageVersion("rjags")),
  JAGS = as.character(jags.version()), coda = as.character(packageVersion("coda")),
  date = format(Sys.Date()), modules = "basemod, bugs, glm",
  command = "Rscript structures_jags.R structures_exact.json ../../data structures_jags.json",
  generator = "base::Mersenne-Twister, one seed for each chain")
line <- function(x)
  toJSON(x, digits = I(10), auto_unbox = TRUE, null = "null", na = "null")
entry <- function(x) paste0("\n", toJSON(names(x), auto_unbox = TRUE), ": ", line(x[[1]]))
entries <- function(x) paste(sapply(seq_along(x), function(i) entry(x[i])), collapse = ",")
text <- paste0("{", entry(list(about = note)), ",", entry(list(provenance = provenance)), ",",
               entry(list(statistics = c("mean", "sd", probabilities))), ",\n\"data\": {",
               entries(list(ibd_remission = ibd_data, ssc_adverse_events = ssc_data)),
               "},\n\"runs\": {", entries(results), "}\n}\n")
writeLines(text, args[3], sep = "")
