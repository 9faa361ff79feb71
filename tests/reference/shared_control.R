# Effects that share a control arm: the worked examples of Gleser & Olkin (2009) by metafor, and
# sampling covariances by simulation. Nothing of bayesmeta is used.
#
#     Rscript tests/reference/shared_control.R tests/reference/shared_control.json
#
# examples: V is built from the formulas of the chapter as the documentation of metafor does
# (https://www.metafor-project.org/doku.php/analyses:gleser2009); coef, vcov and QE are those of
# rma.mv with one mean for each treatment. There the first group is the control arm, so the signs of
# the effects are turned here. printed: numbers in the chapter, pages 361 to 367.
#
# simulated: two treatment arms and one control arm, drawn `draws` times from the values in `arms`
# (order: treatment 1, treatment 2, control); covariance is that of the two effects over the draws,
# mcse its Monte Carlo standard error. Effects are computed by the plain formulas (SMD: exact bias
# correction, standard deviation pooled over the two arms that are compared; ROM: no correction,
# which changes nothing of this order).
library(jsonlite)
suppressPackageStartupMessages(library(metafor))
target <- commandArgs(TRUE)[1]

# Worked examples ----------------------------------------------------------------------------------

solve_example <- function(dat, V, printed) {
  fit <- rma.mv(yi, V, mods = ~ 0 + factor(trt), data = dat)
  list(data = dat, V = V, coef = unname(coef(fit)[, drop = TRUE]), vcov = unname(vcov(fit)),
       QE = fit$QE, printed = printed)
}

blocks <- function(dat, off) {
  as.matrix(unname(bldiag(lapply(split(dat, dat$study), function(x) {
    v <- off(x)
    diag(v) <- x$vi
    v
  }))))
}

binary <- data.frame(study = c(1, 1, 2, 3, 3, 3), trt = c(1, 2, 1, 1, 2, 3),
                     events_treatment = c(100, 150, 15, 40, 80, 50),
                     total_treatment = c(4000, 4000, 400, 1000, 1000, 1000),
                     events_control = c(40, 40, 10, 150, 150, 150),
                     total_control = c(1000, 1000, 200, 2000, 2000, 2000))
control <- list(
  RD = function(p, n) p * (1 - p) / n,
  OR = function(p, n) 1 / (n * p * (1 - p)),
  RR = function(p, n) (1 - p) / (n * p)
)
printed <- list(
  RD = list(coef = c(0.0200, 0.0043, 0.0211),
            vcov_per_million = rbind(c(24.612, 19.954, 13.323), c(19.954, 28.538, 13.255),
                                     c(13.323, 13.255, 69.806))),
  OR = list(coef = c(0.5099, 0.0044, 0.4301),
            vcov = rbind(c(0.01412, 0.00712, 0.00425), c(0.00712, 0.01178, 0.00455),
                         c(0.00425, 0.00455, 0.02703))),
  RR = list(coef = c(0.4875, 0.0006, 0.4047))
)
one_binary <- function(measure) {
  dat <- escalc(measure, ai = events_control, n1i = total_control, ci = events_treatment,
                n2i = total_treatment, data = binary)
  off <- function(x) {
    p <- x$events_control[1] / x$total_control[1]
    matrix(control[[measure]](p, x$total_control[1]), nrow(x), nrow(x))
  }
  dat <- data.frame(lapply(dat, as.vector))
  solve_example(dat, blocks(dat, off), printed[[measure]])
}

means <- data.frame(study = c(1, 1, 2, 3, 4, 4), trt = c(1, 2, 1, 1, 1, 2),
                    mean_treatment = c(7.87, 4.35, 9.32, 8.08, 7.44, 5.34),
                    mean_control = c(-1.36, -1.36, 0.98, 1.17, 0.45, 0.45),
                    sd = c(4.2593, 4.2593, 2.8831, 3.1764, 2.9344, 2.9344),
                    total_treatment = c(25, 22, 38, 50, 30, 30),
                    total_control = c(25, 25, 40, 50, 30, 30))
one_smd <- function() {
  dat <- means
  dat$everyone <- ave(dat$total_treatment, dat$study, FUN = sum) + dat$total_control
  dat$yi <- with(dat, (mean_treatment - mean_control) / sd)
  dat$vi <- with(dat, 1 / total_treatment + 1 / total_control + yi^2 / (2 * everyone))
  off <- function(x) 1 / x$total_control[1] + outer(x$yi, x$yi) / (2 * x$everyone[1])
  solve_example(dat, blocks(dat, off),
                list(coef = c(2.3743, 1.5702),
                     vcov = rbind(c(0.02257, 0.01244), c(0.01244, 0.03554))))
}

# Simulation ---------------------------------------------------------------------------------------

batch <- 1e6
batches <- 10
seed <- 20261122

log_odds <- function(x, n) log(x / (n - x))
factor_of <- function(df) exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)

draw_events <- function(arm) rbinom(batch, arm$total, arm$risk)
draw_counts <- function(arm) rpois(batch, arm$rate * arm$time)
draw_mean <- function(arm) rnorm(batch, arm$mean, arm$sd / sqrt(arm$total))
draw_sd <- function(arm) arm$sd * sqrt(rchisq(batch, arm$total - 1) / (arm$total - 1))

pairs_of <- function(values, contrast) lapply(1:2, function(i) contrast(values[[i]], values[[3]]))

effects <- list(
  OR = function(arms) pairs_of(lapply(arms, function(a) log_odds(draw_events(a), a$total)), `-`),
  RR = function(arms) pairs_of(lapply(arms, function(a) log(draw_events(a) / a$total)), `-`),
  RD = function(arms) pairs_of(lapply(arms, function(a) draw_events(a) / a$total), `-`),
  MD = function(arms) pairs_of(lapply(arms, draw_mean), `-`),
  ROM = function(arms) pairs_of(lapply(arms, draw_mean), function(t, c) log(t / c)),
  IRR = function(arms) pairs_of(lapply(arms, function(a) log(draw_counts(a) / a$time)), `-`),
  IRD = function(arms) pairs_of(lapply(arms, function(a) draw_counts(a) / a$time), `-`),
  SMD = function(arms) {
    sampled <- lapply(arms, function(a) list(n = a$total, m = draw_mean(a), s = draw_sd(a)))
    pairs_of(sampled, function(t, c) {
      df <- t$n + c$n - 2
      pooled <- sqrt(((t$n - 1) * t$s^2 + (c$n - 1) * c$s^2) / df)
      factor_of(df) * (t$m - c$m) / pooled
    })
  }
)

simulate <- function(measure, arms) {
  set.seed(seed)
  parts <- replicate(batches, {
    pair <- effects[[measure]](arms)
    c(sum(pair[[1]]), sum(pair[[2]]), sum(pair[[1]] * pair[[2]]), sum(pair[[1]]^2),
      sum(pair[[2]]^2))
  })
  draws <- batch * batches
  m <- rowSums(parts) / draws
  covariance <- m[3] - m[1] * m[2]
  variances <- m[4:5] - m[1:2]^2
  if (!is.finite(covariance)) stop(measure, ": an effect is not finite")
  list(measure = measure, arms = arms, draws = draws, covariance = covariance,
       mcse = sqrt((variances[1] * variances[2] + covariance^2) / draws))
}

risks <- function(n, p) Map(function(n, p) list(total = n, risk = p), n, p)
rates <- function(t, r) Map(function(t, r) list(time = t, rate = r), t, r)
normal <- function(n, m, s) Map(function(n, m, s) list(total = n, mean = m, sd = s), n, m, s)
trial <- risks(c(400, 500, 300), c(0.3, 0.4, 0.5))

out <- list(
  provenance = list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
                    script = "shared_control.R", seed = seed),
  examples = list(RD = one_binary("RD"), OR = one_binary("OR"), RR = one_binary("RR"),
                  SMD = one_smd()),
  simulated = list(
    simulate("OR", trial), simulate("RR", trial), simulate("RD", trial),
    simulate("MD", normal(c(40, 60, 30), c(5, 7, 3), c(4, 6, 5))),
    simulate("ROM", normal(c(200, 150, 100), c(12, 14, 10), c(4, 4, 3))),
    simulate("IRR", rates(c(900, 800, 700), c(0.2, 0.3, 0.4))),
    simulate("IRD", rates(c(900, 800, 700), c(0.2, 0.3, 0.4))),
    simulate("SMD", normal(c(60, 80, 50), c(0.3, 0.5, 0), c(1, 1, 1))),
    simulate("SMD", normal(c(50, 50, 50), c(1, 1.5, 0), c(1, 1, 1)))
  )
)
write_json(out, target, digits = NA, auto_unbox = TRUE, pretty = 1)
