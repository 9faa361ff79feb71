by_sums <- function(density, breaks, mu_prior, prob, kind) {
  # The posterior without any package. Given tau, and given a component of the prior of mu, mu is
  # normal; what is left is a sum over log(tau), by the midpoints of cells that end where the
  # density of the prior has a break.
  y <- studies$effect
  spread <- sqrt(1 / mean(1 / studies$std_error^2))
  edges <- c(log(spread) - 45, log(breaks), log(spread) + 25)
  between <- function(from, to) {
    width <- (to - from) / ceiling((to - from) / 0.002)
    cbind(middle = seq(from + width / 2, to, by = width), width = width)
  }
  cells <- do.call(rbind, Map(between, edges[-length(edges)], edges[-1]))
  tau <- exp(cells[, "middle"])
  given_tau <- function(weight, mean, sd) {
    precision <- outer(tau^2, studies$std_error^2, function(a, b) 1 / (a + b))
    prior <- if (is.na(sd)) 0 else 1 / sd^2
    centre <- if (is.na(sd)) 0 else mean
    total <- rowSums(precision) + prior
    middle <- (precision %*% y + prior * centre)[, 1] / total
    apart <- rowSums(precision * outer(middle, y, "-")^2) + prior * (middle - centre)^2
    log_likelihood <- 0.5 * (rowSums(log(precision)) - log(total) - apart) +
      (if (is.na(sd)) 0 else -log(sd))
    data.frame(tau = tau, centre = middle, variance = 1 / total,
               log_weight = log(weight) + log_likelihood + log(density(tau)) +
                 log(tau * cells[, "width"]))
  }
  parts <- do.call(rbind, Map(given_tau, mu_prior$weight, mu_prior$mean, mu_prior$sd))
  share <- exp(parts$log_weight - max(parts$log_weight))
  # Far more than the weights need, as the moments of heavy tails come from far out.
  kept <- share > 1e-40
  parts <- parts[kept, ]
  share <- share[kept] / sum(share[kept])

  mixture <- function(variance) {
    scale <- sqrt(variance)
    below <- function(x) sum(share * pnorm(x, parts$centre, scale))
    reach <- range(parts$centre) + c(-9, 9) * max(scale)
    function(p) uniroot(function(x) below(x) - p, reach, tol = 1e-10)$root
  }
  of_tau <- function() {
    # Half of a cell lies below its point.
    each <- rowsum(share, parts$tau)[, 1]
    reached <- cumsum(each) - each / 2
    rises <- c(TRUE, diff(reached) > 0)
    at <- splinefun(reached[rises], log(sort(unique(parts$tau)))[rises], method = "hyman")
    function(p) exp(at(p))
  }
  describe <- function(quantile, mean, square) {
    low <- (1 - prob) / 2
    if (kind == "shortest") {
      width <- function(p) quantile(p + prob) - quantile(p)
      low <- optimize(width, c(1e-9, 1 - prob - 1e-9), tol = 1e-9)$minimum
    }
    ends <- c(quantile(low), quantile(low + prob))
    c(median = quantile(0.5), mean = mean, sd = sqrt(square - mean^2),
      lower = ends[1], upper = ends[2])
  }
  mu <- sum(share * parts$centre)
  mu_square <- sum(share * (parts$centre^2 + parts$variance))
  tau_square <- sum(share * parts$tau^2)
  rbind(
    mu = describe(mixture(parts$variance), mu, mu_square),
    tau = describe(of_tau(), sum(share * parts$tau), tau_square),
    theta_new = describe(mixture(parts$variance + parts$tau^2), mu, mu_square + tau_square)
  )
}
