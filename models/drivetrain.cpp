#include "models/drivetrain.h"

#include <cmath>

#include "models/elementary.h"

namespace pensim {
namespace {

constexpr double full_turn_rad = 2.0 * elementary::pi;
constexpr double sticking_m_per_s = 0.02;  // an impact that rebounds slower than this does not [E]

// (s, c) of an angle, turned by |d| <= 0.05: remainder below 1e-12 at the limit, below 1e-16 up to 0.016 rad (200 Hz,
// 12.5 us).
inline void turn(double& s, double& c, double d) {
  const double z = d * d;
  const double sin_d = d - d * z * ((1.0 / 6 - z * (1.0 / 120)) + z * z * (1.0 / 5040));
  const double versine = z * ((0.5 - z * (1.0 / 24)) + z * z * (1.0 / 720 - z * (1.0 / 40320)));
  const double turned_s = s - (s * versine - c * sin_d);
  c = c - (c * versine + s * sin_d);
  s = turned_s;
}

}  // namespace

DrivetrainDerived drivetrain_derive(const DrivetrainParams& params, double rotor_inertia_kg_m2, double plate_mass_kg,
                                    double dt_s) {
  DrivetrainDerived d;
  const double square_m2 = params.eccentricity_m * params.eccentricity_m;
  d.dt_s = dt_s;
  d.per_dt_Hz = 1.0 / dt_s;
  d.inertia_kg_m2 = rotor_inertia_kg_m2 + params.cam_inertia_kg_m2;
  d.rod_kg_m2 = params.rod_mass_kg * square_m2;
  d.both_kg_m2 = (params.rod_mass_kg + plate_mass_kg) * square_m2;
  d.plate_kg = plate_mass_kg;
  d.stroke_m = 2.0 * params.eccentricity_m;
  d.stop_m = d.stroke_m + params.stop_clearance_m;
  return d;
}

void drivetrain_reset(const DrivetrainParams& params, double angle_rad, DrivetrainState& state) {
  state = DrivetrainState{};
  state.angle_rad = angle_rad;
  drivetrain_refresh(state);
  state.plate_m = params.eccentricity_m * (1.0 - state.cos_1);
}

void drivetrain_refresh(DrivetrainState& state) {
  const elementary::SinCos k = elementary::sincos(state.angle_rad);
  state.sin_1 = k.sin;
  state.cos_1 = k.cos;
}

DrivetrainEnergy drivetrain_energy(const DrivetrainParams& params, const DrivetrainDerived& derived,
                                   const DrivetrainState& state, double spring_factor_1, std::int64_t plate_present) {
  const double half_s = 0.5 * derived.dt_s, e = params.eccentricity_m;
  const bool floating = plate_present && state.floating;
  const double rotating_kg_m2 = plate_present && !floating ? derived.both_kg_m2 : derived.rod_kg_m2;
  const double inertia_kg_m2 = derived.inertia_kg_m2 + rotating_kg_m2 * state.sin_1 * state.sin_1;
  // From the middle of the step to its end, but for an obstruction: its work is counted up to the middle, and it
  // changes too fast.
  double acceleration = state.acceleration_rad_per_s2;
  if (!floating)
    acceleration += e * (state.sin_1 - state.turned_rad * state.cos_1) * state.obstruction_N / inertia_kg_m2;
  const double w = state.speed_rad_per_s + half_s * acceleration;
  const double x = floating ? state.plate_m : e * (1.0 - state.cos_1);
  DrivetrainEnergy energy;
  energy.kinetic_J = 0.5 * inertia_kg_m2 * w * w;
  if (floating) {
    const double v = state.plate_speed_m_per_s + half_s * state.plate_acceleration_m_per_s2;
    energy.kinetic_J += 0.5 * derived.plate_kg * v * v;
  }
  if (plate_present)
    energy.spring_J = spring_factor_1 * x * (params.spring_preload_N + 0.5 * params.spring_N_per_m * x);
  return energy;
}

void drivetrain_step(const DrivetrainParams& params, const DrivetrainDerived& derived, DrivetrainState& state,
                     const DrivetrainInput& input, double& crossing_s) {
  const double h = derived.dt_s, e = params.eccentricity_m;
  const double s = state.sin_1, c = state.cos_1;
  const double w_before = state.speed_rad_per_s;
  // at the angle at which the forces are taken
  const double w_now = w_before + 0.5 * h * state.acceleration_rad_per_s2;
  const bool resting = input.plate_present && !state.floating;
  const double mass_kg_m2 = resting ? derived.both_kg_m2 : derived.rod_kg_m2;
  const double inertia_kg_m2 = derived.inertia_kg_m2 + mass_kg_m2 * s * s, per_inertia = 1.0 / inertia_kg_m2;
  const double lever_m = e * s, z_speed = lever_m * w_now;

  // Kick: forces at the present angle.
  double force_N = 0.0;
  state.obstruction_N = 0.0;
  if (resting) {
    const double z = e * (1.0 - c);
    force_N = input.spring_factor_1 * (params.spring_preload_N + params.spring_N_per_m * z) +
              params.spring_damping_N_s_per_m * z_speed + input.skin_N;
    if (z > input.limit_m) {
      const double obstruction_N =
          params.obstruction_N_per_m * (z - input.limit_m) + params.obstruction_damping_N_s_per_m * z_speed;
      state.obstruction_N = obstruction_N > 0.0 ? obstruction_N : 0.0;
      force_N += state.obstruction_N;
    }
  }
  const double viscous_N_m = params.viscous_N_m_s_per_rad * w_now;
  const double torque_N_m = input.torque_N_m - viscous_N_m - lever_m * force_N - mass_kg_m2 * s * c * w_now * w_now;
  // Coulomb friction takes at most what is there.
  const double free = w_before + h * per_inertia * torque_N_m, grip = h * per_inertia * input.friction_N_m;
  double w = free > grip ? free - grip : free < -grip ? free + grip : 0.0;
  double acceleration = (w - w_before) * derived.per_dt_Hz;
  const double w_mean = 0.5 * (w_before + w);  // a torque does work on this during the kick
  state.friction_J += ((free - w) * inertia_kg_m2 + h * viscous_N_m) * w_mean;

  // The driver's force on the plate at this angle.
  if (resting) {
    const double moved_m = h * lever_m * w_mean;
    state.damping_J += params.spring_damping_N_s_per_m * z_speed * moved_m;
    state.impact_J += state.obstruction_N * moved_m;
    const double z_acceleration = e * c * w_mean * w_mean + lever_m * acceleration;
    if (derived.plate_kg * z_acceleration + force_N < 0.0) {
      state.floating = 1;
      ++state.floats;
      state.plate_acceleration_m_per_s2 = -force_N / derived.plate_kg;
      state.plate_speed_m_per_s = lever_m * w_mean + 0.5 * h * state.plate_acceleration_m_per_s2;
    }
  } else if (input.plate_present) {
    const double v_now = state.plate_speed_m_per_s + 0.5 * h * state.plate_acceleration_m_per_s2;
    const double a = -(input.spring_factor_1 * (params.spring_preload_N + params.spring_N_per_m * state.plate_m) +
                       params.spring_damping_N_s_per_m * v_now + input.skin_N) /
                     derived.plate_kg;
    state.plate_acceleration_m_per_s2 = a;
    state.damping_J += params.spring_damping_N_s_per_m * v_now * h * (state.plate_speed_m_per_s + 0.5 * h * a);
    state.plate_speed_m_per_s += h * a;
  }

  // Drift.
  const double turned_rad = h * w;
  state.turned_rad = turned_rad;
  double angle = state.angle_rad + turned_rad;
  crossing_s = -1.0;
  if (angle >= full_turn_rad) {
    crossing_s = h * (full_turn_rad - state.angle_rad) / turned_rad;
    angle -= full_turn_rad;
    ++state.revolutions;
  } else if (angle < 0.0) {
    angle += full_turn_rad;
    --state.revolutions;
  }
  state.angle_rad = angle;
  turn(state.sin_1, state.cos_1, turned_rad);
  const double z = e * (1.0 - state.cos_1), end_lever_m = e * state.sin_1;

  if (!input.plate_present) {
    state.floating = 0;
    state.plate_m = state.plate_speed_m_per_s = state.plate_acceleration_m_per_s2 = 0.0;
  } else if (!state.floating) {
    state.plate_m = z;
    state.plate_speed_m_per_s = end_lever_m * w;
  } else {
    double x = state.plate_m + h * state.plate_speed_m_per_s, v = state.plate_speed_m_per_s;
    const double limit_m = input.limit_m < derived.stop_m ? input.limit_m : derived.stop_m;
    if (x > limit_m) {
      if (v > 0.0) {
        state.obstruction_N = (1.0 + params.restitution_1) * v * derived.plate_kg * derived.per_dt_Hz;
        state.impact_J += 0.5 * (1.0 - params.restitution_1 * params.restitution_1) * derived.plate_kg * v * v;
        v = -params.restitution_1 * v;
      }
      x = limit_m;
    }
    if (x <= z) {  // back on the driver: impulse between plate and cam
      x = z;
      const double closing = end_lever_m * w - v;
      if (closing > 0.0) {
        const bool sticks = params.restitution_1 * closing < sticking_m_per_s;
        const double restitution = sticks ? 0.0 : params.restitution_1;
        const double inertia = derived.inertia_kg_m2 + derived.rod_kg_m2 * state.sin_1 * state.sin_1;
        const double reduced_kg = 1.0 / (1.0 / derived.plate_kg + end_lever_m * end_lever_m / inertia);
        const double impulse_N_s = (1.0 + restitution) * closing * reduced_kg;
        state.impact_J += 0.5 * (1.0 - restitution * restitution) * reduced_kg * closing * closing;
        v += impulse_N_s / derived.plate_kg;
        const double change = impulse_N_s * end_lever_m / inertia;
        w -= change;
        acceleration = 0.0;
        if (sticks) state.floating = 0;
      }
    }
    state.plate_m = x;
    state.plate_speed_m_per_s = v;
  }
  state.speed_rad_per_s = w;
  state.acceleration_rad_per_s2 = acceleration;
}

}  // namespace pensim
