#include "sim/validation/fit_skin.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlopt.hpp>

namespace pensim {
namespace {

struct Range {
  const char* name;
  double SkinParams::*member;
  double low, high, prior;
  bool logarithmic;
  double most = std::numeric_limits<double>::infinity();  // of a share, from 0
};
// Priors: the tent's modulus after 1 s is 1.5e5 Pa [E], a fifth of B; J_d 1.7 kJ/m2 x 0.55 [D]; the others from the
// middle of their sources.
constexpr double prior_half_width_1 = 0.5;  // 95 %: half of the range
constexpr Range ranges[] = {
    {"instantaneous_modulus_Pa", &SkinParams::instantaneous_modulus_Pa, 0.2e6, 6e6, 0.75e6, true},
    {"equilibrium_share_1", &SkinParams::equilibrium_share_1, 0.01, 0.5, 0.05, true, 1},
    {"relaxation_exponent_1", &SkinParams::relaxation_exponent_1, -0.3, 0.6, 0.1, false},
    {"puncture_floor_1", &SkinParams::puncture_floor_1, 0.2, 0.9, 0.5, false, 1},
    {"puncture_speed_m_per_s", &SkinParams::puncture_speed_m_per_s, 0.1e-3, 50e-3, 1e-3, true},
    {"dermis_toughness_J_per_m2", &SkinParams::dermis_toughness_J_per_m2, 500, 1400, 900, true},
    {"shaft_stress_Pa", &SkinParams::shaft_stress_Pa, 0.5e3, 20e3, 3e3, true}};
constexpr std::size_t n = std::size(ranges);
constexpr double normal_95_1 = 1.959964;  // half of the 95 % interval over the standard deviation

// 0..1 over the range.
double to_value(const Range& r, double x) {
  return r.logarithmic ? r.low * std::pow(r.high / r.low, x) : r.low + (r.high - r.low) * x;
}
// of the value, or of its logarithm
double per_unit(const Range& r) { return r.logarithmic ? std::log(r.high / r.low) : r.high - r.low; }
double to_unit(const Range& r, double value) {
  return std::clamp(
      r.logarithmic ? std::log(value / r.low) / std::log(r.high / r.low) : (value - r.low) / (r.high - r.low), 0.0,
      1.0);
}

struct Problem {
  TargetModels models;
  std::vector<const PublishedTarget*> read;
  int evaluations = 0;

  // Of the targets alone.
  Eigen::VectorXd residuals(const std::vector<double>& x) {
    TargetModels at = models;
    for (std::size_t i = 0; i < n; ++i) at.skin.*ranges[i].member = to_value(ranges[i], x[i]);
    std::vector<double> all;
    for (const PublishedTarget* target : read)
      for (const TargetCheck& check : measure_for_fit(*target, at).checks)
        all.push_back(std::isfinite(check.residual) ? check.residual : 1e3);
    ++evaluations;
    return Eigen::Map<Eigen::VectorXd>(all.data(), static_cast<Eigen::Index>(all.size()));
  }
};

double prior(const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += std::pow((x[i] - to_unit(ranges[i], ranges[i].prior)) / prior_half_width_1, 2);
  return sum;
}

// From the prior to the least sum of squares, and from there again with new steps until that gains nothing: the valleys
// are flat.
std::vector<double> search(Problem& problem, int evaluations_max) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = to_unit(ranges[i], ranges[i].prior);
  nlopt::opt opt(nlopt::LN_BOBYQA, n);
  opt.set_lower_bounds(std::vector<double>(n, 0.0));
  opt.set_upper_bounds(std::vector<double>(n, 1.0));
  opt.set_min_objective([](const std::vector<double>& at, std::vector<double>&,
                           void* data) { return static_cast<Problem*>(data)->residuals(at).squaredNorm() + prior(at); },
                        &problem);
  opt.set_initial_step(0.1);
  opt.set_xtol_abs(1e-4);
  double before = std::numeric_limits<double>::infinity();
  for (int left = evaluations_max; left > 0; left = evaluations_max - problem.evaluations) {
    opt.set_maxeval(left);
    double least = before;
    try {
      opt.optimize(x, least);
    } catch (const nlopt::roundoff_limited&) {  // x is the best so far
    }
    if (!(least < before - 1e-4)) break;
    before = least;
  }
  return x;
}

}  // namespace

SkinFit fit_skin(const TargetModels& models, int evaluations_max) {
  Problem problem{models, {}, 0};
  SkinFit fit;
  for (const PublishedTarget& target : targets())
    if (target.role == TargetRole::calibration) {
      problem.read.push_back(&target);
      fit.targets.push_back(target.id);
    }
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = to_unit(ranges[i], models.skin.*ranges[i].member);
  fit.defaults = problem.residuals(x).squaredNorm();
  if (evaluations_max > 0) x = search(problem, evaluations_max);

  const Eigen::VectorXd middle = problem.residuals(x);
  fit.optimum = middle.squaredNorm();
  Eigen::MatrixXd J(middle.size(), static_cast<Eigen::Index>(n));
  constexpr double h = 0.01;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> low = x, high = x;
    low[i] = std::max(0.0, x[i] - h);
    high[i] = std::min(1.0, x[i] + h);
    J.col(static_cast<Eigen::Index>(i)) = (problem.residuals(high) - problem.residuals(low)) / (high[i] - low[i]);
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(J, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd s = svd.singularValues();
  const Eigen::MatrixXd V = svd.matrixV();
  const Eigen::MatrixXd covariance =
      (J.transpose() * J + Eigen::MatrixXd::Identity(n, n) / (prior_half_width_1 * prior_half_width_1)).inverse();
  for (Eigen::Index k = 0; k < s.size(); ++k) {
    if (!(s[k] < 1 / prior_half_width_1)) continue;  // the targets say more than the prior
    std::string words;
    for (std::size_t i = 0; i < n; ++i) {
      const double part = V(static_cast<Eigen::Index>(i), k);
      if (std::fabs(part) > 0.2) words += fmt::format("{}{:+.2f} {}", words.empty() ? "" : " ", part, ranges[i].name);
    }
    fit.flat.push_back({s[k], words});
    fit.law.flat.push_back(words);
  }
  fit.law.origin = "joint fit on";
  for (const std::string& id : fit.targets) fit.law.origin += " " + id;
  for (std::size_t i = 0; i < n; ++i) {
    const Range& r = ranges[i];
    const Eigen::Index row = static_cast<Eigen::Index>(i);
    const double half = std::sqrt(covariance(row, row));  // 95 %
    fit.law.parameters.push_back({r.name,
                                  to_value(r, x[i]),
                                  to_value(r, std::max(0.0, x[i] - half)),
                                  to_value(r, std::min(1.0, x[i] + half)),
                                  half / normal_95_1 * per_unit(r),
                                  r.logarithmic,
                                  {r.logarithmic || std::isfinite(r.most) ? 0 : -r.most, r.most}});
    std::vector<double> line;
    for (Eigen::Index j = 0; j < static_cast<Eigen::Index>(n); ++j)
      line.push_back(covariance(row, j) / std::sqrt(covariance(row, row) * covariance(j, j)));
    fit.law.correlation.push_back(line);
  }
  fit.evaluations = problem.evaluations;
  return fit;
}

std::string fit_text(const SkinFit& fit) {
  std::string text = fmt::format(
      "{}\nsum of squares {:.4f} with the defaults, {:.4f} at the optimum, {} evaluations\n\n{:<28}{:>12}   95 % "
      "interval\n",
      fit.law.origin, fit.defaults, fit.optimum, fit.evaluations, "parameter", "value");
  for (const LawParameter& p : fit.law.parameters)
    text += fmt::format("{:<28}{:>12.4g}   {:.4g} .. {:.4g}\n", p.name, p.value, p.low, p.high);
  text += "\ncorrelation\n";
  for (std::size_t i = 0; i < fit.law.parameters.size(); ++i) {
    text += fmt::format("{:<28}", fit.law.parameters[i].name);
    for (const double c : fit.law.correlation[i]) text += fmt::format("{:>7.2f}", c);
    text += "\n";
  }
  for (const FlatDirection& flat : fit.flat)
    text += fmt::format("\nflat direction, singular value {:.3g} over the whole range: {}\n", flat.singular_value,
                        flat.words);
  return text;
}

}  // namespace pensim
