#include "models/drivetrain.h"

#include <cmath>

#include "models/elementary.h"

namespace pensim {
namespace {

constexpr double full_turn_rad = 2.0 * elementary::pi;
constexpr double sticking_m_per_s = 0.02;  // an impact that rebounds slower than this does not [E]

// (s, c) of an angle, turned by |d| < 0.1: remainder below 1e-16.
inline void turn(double& s, double& c, double d) {
  const double z = d * d;
  const double sin_d = d * (1.0 - z * (1.0 / 6 - z * (1.0 / 120 - z * (1.0 / 5040))));
  const double versine = z * (0.5 - z * (1.0 / 24 - z * (1.0 / 720 - z * (1.0 / 40320))));
  const double turned_s = s - (s * versine - c * sin_d);
  c = c - (c * versine + s * sin_d);
  s = turned_s;
}

}  // namespace

DrivetrainDerived drivetrain_derive(const DrivetrainParams& params, double rotor_inertia_kg_m2, double plate_mass_kg, double dt_s) {
  DrivetrainDerived d;
  const double square_m2 = params.eccentricity_m * params.eccentricity_m;
  d.dt_s = dt_s;
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

double drivetrain_step(const DrivetrainParams& params, const DrivetrainDerived& derived, DrivetrainState& state,
                       const DrivetrainInput& input, double& crossing_s) {
  const double h = derived.dt_s, half = 0.5 * h, e = params.eccentricity_m;
  const double w = state.speed_rad_per_s;
  // Look half a step ahead with the acceleration of the last one.
  const double w_mid = w + state.acceleration_rad_per_s2 * half;
  const double ahead_rad = (w + 0.5 * state.acceleration_rad_per_s2 * half) * half;
  double s = state.sin_1, c = state.cos_1;
  turn(s, c, ahead_rad);
  const bool resting = input.plate_present && !state.floating;
  const double lever_m = e * s, z = e * (1.0 - c), z_speed = lever_m * w_mid;

  double force_N = 0.0, mass_kg_m2 = derived.rod_kg_m2, obstruction_N = 0.0;
  if (resting) {
    mass_kg_m2 = derived.both_kg_m2;
    force_N = input.spring_factor_1 * (params.spring_preload_N + params.spring_N_per_m * z) +
              params.spring_damping_N_s_per_m * z_speed + input.skin_N + input.skin_N_per_m * z_speed * half;
    if (z > input.limit_m) {
      obstruction_N = params.obstruction_N_per_m * (z - input.limit_m) + params.obstruction_damping_N_s_per_m * z_speed;
      obstruction_N = obstruction_N > 0.0 ? obstruction_N : 0.0;
      force_N += obstruction_N;
    }
  }
  const double per_inertia = 1.0 / (derived.inertia_kg_m2 + mass_kg_m2 * s * s);
  const double torque_N_m = input.torque_N_m - params.viscous_N_m_s_per_rad * w_mid - lever_m * force_N - mass_kg_m2 * s * c * w_mid * w_mid;
  // Coulomb friction takes at most what is there.
  const double free = w + h * per_inertia * torque_N_m, grip = h * per_inertia * input.friction_N_m;
  double w_end = free > grip ? free - grip : free < -grip ? free + grip : 0.0;
  const double turned_rad = half * (w + w_end);
  turn(s, c, turned_rad - ahead_rad);
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
  double acceleration = (w_end - w) / h;
  const double z_end = e * (1.0 - c), lever_end_m = e * s;
  state.obstruction_N = obstruction_N;

  if (resting) {
    const double z_speed_end = lever_end_m * w_end;
    const double z_acceleration = e * c * w_end * w_end + lever_end_m * acceleration;
    const double driver_N = derived.plate_kg * z_acceleration + obstruction_N + input.skin_N +
                            input.spring_factor_1 * (params.spring_preload_N + params.spring_N_per_m * z_end) +
                            params.spring_damping_N_s_per_m * z_speed_end;
    state.plate_m = z_end;
    state.plate_speed_m_per_s = z_speed_end;
    state.plate_acceleration_m_per_s2 = z_acceleration;
    if (driver_N < 0.0) {
      state.floating = 1;
      ++state.floats;
    }
  } else if (input.plate_present) {
    const double limit_m = input.limit_m < derived.stop_m ? input.limit_m : derived.stop_m;
    const double v = state.plate_speed_m_per_s;
    const double a_before = state.plate_acceleration_m_per_s2;
    const double v_mid = v + a_before * half, x_mid = state.plate_m + (v + 0.5 * a_before * half) * half;
    const double a = -(input.spring_factor_1 * (params.spring_preload_N + params.spring_N_per_m * x_mid) +
                       params.spring_damping_N_s_per_m * v_mid + input.skin_N + input.skin_N_per_m * v_mid * half) / derived.plate_kg;
    double v_end = v + h * a, x = state.plate_m + half * (v + v_end);
    if (x > limit_m) {
      if (v_end > 0.0) {
        state.obstruction_N = (1.0 + params.restitution_1) * v_end * derived.plate_kg / h;
        v_end = -params.restitution_1 * v_end;
      }
      x = limit_m > z_end ? limit_m : z_end;
    }
    if (x <= z_end) {  // back on the driver: impulse between plate and cam
      x = z_end;
      const double closing = lever_end_m * w_end - v_end;
      if (closing > 0.0) {
        const bool sticks = params.restitution_1 * closing < sticking_m_per_s;
        const double inertia = derived.inertia_kg_m2 + derived.rod_kg_m2 * s * s;
        const double impulse_N_s = (sticks ? 1.0 : 1.0 + params.restitution_1) * closing /
                                   (1.0 / derived.plate_kg + lever_end_m * lever_end_m / inertia);
        v_end += impulse_N_s / derived.plate_kg;
        w_end -= impulse_N_s * lever_end_m / inertia;
        if (sticks) state.floating = 0;
      }
    }
    state.plate_m = x;
    state.plate_speed_m_per_s = v_end;
    state.plate_acceleration_m_per_s2 = a;
  } else {
    state.floating = 0;
    state.plate_m = 0.0;
    state.plate_speed_m_per_s = 0.0;
    state.plate_acceleration_m_per_s2 = 0.0;
  }
  state.angle_rad = angle;
  state.sin_1 = s;
  state.cos_1 = c;
  state.speed_rad_per_s = w_end;
  state.acceleration_rad_per_s2 = acceleration;
  const double way_rad = std::fabs(turned_rad);
  return (input.friction_N_m + params.viscous_N_m_s_per_rad * std::fabs(w_mid)) * way_rad;
}

}  // namespace pensim
