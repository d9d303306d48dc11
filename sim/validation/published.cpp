#include "sim/validation/published.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace pensim {

const char* target_role_name(TargetRole role) {
  constexpr const char* names[] = {"calibration", "hold-out", "trend", "analytic"};
  return names[static_cast<std::size_t>(role)];
}

double TargetCheck::miss() const {
  return model < low ? model - low : model > high ? model - high : model == model ? 0.0 : model;
}

bool TargetResult::pass() const {
  return !checks.empty() && std::all_of(checks.begin(), checks.end(), [](const TargetCheck& c) { return c.pass(); });
}

TargetCheck around(std::string what, double model, double value, double tolerance) {
  return {std::move(what), model, value - tolerance, value + tolerance, (model - value) / tolerance};
}
TargetCheck within(std::string what, double model, double low, double high) {
  if (std::isinf(low) || std::isinf(high)) {
    TargetCheck check{std::move(what), model, low, high, 0};
    check.residual =
        check.miss() / (std::isinf(low) ? std::max(std::fabs(high), 1e-12) : std::max(std::fabs(low), 1e-12));
    return check;
  }
  return {std::move(what), model, low, high, (model - 0.5 * (low + high)) / (0.5 * (high - low))};
}
TargetCheck by_factor(std::string what, double model, double value, double factor) {
  return {std::move(what), model, value / factor, value * factor,
          std::log(std::max(model, 1e-9 * value) / value) / std::log(factor)};
}
TargetCheck holds(std::string what, bool true_of_model) {
  return {std::move(what), true_of_model ? 1.0 : 0.0, 1, 1, true_of_model ? 0.0 : 1.0};
}

const std::vector<PublishedTarget>& targets() {
  static const std::vector<PublishedTarget> all = [] {
    std::vector<PublishedTarget> rows;
    add_skin_targets(rows);
    add_pen_targets(rows);
    std::sort(rows.begin(), rows.end(),
              [](const PublishedTarget& a, const PublishedTarget& b) { return std::string_view(a.id) < b.id; });
    return rows;
  }();
  return all;
}

TargetResult measure_for_fit(const PublishedTarget& target, const TargetModels& models) {
  if (target.role != TargetRole::calibration)
    throw std::logic_error(std::string(target.id) + " is no calibration target: a fit must not read it");
  return target.measure(models);
}

}  // namespace pensim
