#include "sim/fit_skin.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <nlopt.hpp>

namespace pensim {
namespace {

struct Range {
  const char* name;
  double SkinParams::* member;
  double low, high;
  bool logarithmic;
};
constexpr Range ranges[] = {{"instantaneous_modulus_Pa", &SkinParams::instantaneous_modulus_Pa, 0.2e6, 6e6, true},
                            {"equilibrium_share_1", &SkinParams::equilibrium_share_1, 0.01, 0.5, true},
                            {"relaxation_exponent_1", &SkinParams::relaxation_exponent_1, -0.3, 0.6, false},
                            {"puncture_floor_1", &SkinParams::puncture_floor_1, 0.2, 0.9, false},
                            {"puncture_speed_m_per_s", &SkinParams::puncture_speed_m_per_s, 0.1e-3, 50e-3, true},
                            {"dermis_toughness_J_per_m2", &SkinParams::dermis_toughness_J_per_m2, 500, 1400, true},
                            {"shaft_stress_Pa", &SkinParams::shaft_stress_Pa, 0.5e3, 20e3, true}};
constexpr std::size_t n = std::size(ranges);

// 0..1 over the range.
double to_value(const Range& r, double x) { return r.logarithmic ? r.low * std::pow(r.high / r.low, x) : r.low + (r.high - r.low) * x; }
double to_unit(const Range& r, double value) {
  return std::clamp(r.logarithmic ? std::log(value / r.low) / std::log(r.high / r.low) : (value - r.low) / (r.high - r.low), 0.0, 1.0);
}

struct Problem {
  TargetModels models;
  std::vector<const PublishedTarget*> read;
  int evaluations = 0;

  Eigen::VectorXd residuals(const std::vector<double>& x) {
    TargetModels at = models;
    for (std::size_t i = 0; i < n; ++i) at.skin.*ranges[i].member = to_value(ranges[i], x[i]);
    std::vector<double> all;
    for (const PublishedTarget* target : read)
      for (const TargetCheck& check : measure_for_fit(*target, at).checks) all.push_back(std::isfinite(check.residual) ? check.residual : 1e3);
    ++evaluations;
    return Eigen::Map<Eigen::VectorXd>(all.data(), static_cast<Eigen::Index>(all.size()));
  }
};

}  // namespace

SkinFit fit_skin(const TargetModels& start, int evaluations_max) {
  Problem problem{start, {}, 0};
  SkinFit fit;
  for (const PublishedTarget& target : targets())
    if (target.role == TargetRole::calibration) {
      problem.read.push_back(&target);
      fit.targets.push_back(target.id);
    }
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = to_unit(ranges[i], start.skin.*ranges[i].member);
  fit.start = problem.residuals(x).squaredNorm();

  nlopt::opt search(nlopt::LN_BOBYQA, n);
  search.set_lower_bounds(std::vector<double>(n, 0.0));
  search.set_upper_bounds(std::vector<double>(n, 1.0));
  search.set_min_objective(
      [](const std::vector<double>& at, std::vector<double>&, void* data) { return static_cast<Problem*>(data)->residuals(at).squaredNorm(); }, &problem);
  search.set_initial_step(0.1);
  search.set_xtol_abs(1e-4);
  search.set_maxeval(evaluations_max);
  fit.optimum = fit.start;
  try {
    search.optimize(x, fit.optimum);
  } catch (const nlopt::roundoff_limited&) {  // x is the best so far
    fit.optimum = problem.residuals(x).squaredNorm();
  }

  const Eigen::VectorXd middle = problem.residuals(x);
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
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(n, n);
  for (Eigen::Index k = 0; k < s.size(); ++k) {
    covariance += V.col(k) * V.col(k).transpose() / std::max(1e-12, s[k] * s[k]);
    if (s[k] < 2.0) fit.flat.push_back({s[k], std::vector<double>(V.col(k).data(), V.col(k).data() + n)});  // 95 % over half of the range and more
  }
  for (std::size_t i = 0; i < n; ++i) {
    const Eigen::Index row = static_cast<Eigen::Index>(i);
    const double half = std::sqrt(covariance(row, row));
    fit.parameters.push_back({ranges[i].name, to_value(ranges[i], x[i]), to_value(ranges[i], std::max(0.0, x[i] - half)), to_value(ranges[i], std::min(1.0, x[i] + half))});
    std::vector<double> line;
    for (Eigen::Index j = 0; j < static_cast<Eigen::Index>(n); ++j) line.push_back(covariance(row, j) / std::sqrt(covariance(row, row) * covariance(j, j)));
    fit.correlation.push_back(line);
  }
  fit.evaluations = problem.evaluations;
  return fit;
}

std::string fit_text(const SkinFit& fit) {
  std::string text = "joint fit on";
  for (const std::string& id : fit.targets) text += " " + id;
  text += fmt::format("\nsum of squares {:.4f} with the defaults, {:.4f} at the optimum, {} evaluations\n\n{:<28}{:>12}   95 % interval\n", fit.start, fit.optimum, fit.evaluations, "parameter", "value");
  for (const FittedParameter& p : fit.parameters) text += fmt::format("{:<28}{:>12.4g}   {:.4g} .. {:.4g}\n", p.name, p.value, p.low, p.high);
  text += "\ncorrelation\n";
  for (std::size_t i = 0; i < fit.parameters.size(); ++i) {
    text += fmt::format("{:<28}", fit.parameters[i].name);
    for (const double c : fit.correlation[i]) text += fmt::format("{:>7.2f}", c);
    text += "\n";
  }
  for (const FlatDirection& flat : fit.flat) {
    text += fmt::format("\nflat direction, singular value {:.3g} over the whole range:", flat.singular_value);
    for (std::size_t i = 0; i < flat.along.size(); ++i)
      if (std::fabs(flat.along[i]) > 0.2) text += fmt::format(" {:+.2f} {}", flat.along[i], fit.parameters[i].name);
    text += "\n";
  }
  return text;
}

}  // namespace pensim
