// drivetrain.h - rotor, cam, rod and needle plate.
//
// Cam angle phi, zero at the retracted dead centre, positive forward. Driver z = e (1 - cos phi), zero when retracted,
// positive towards the skin; stroke S = 2 e [D]. While the plate rests on the driver (it only pushes, never pulls):
//   (J + m e^2 s^2) w' = T - b w - e s F - m e^2 s c w^2 - T_c sgn(w),     s, c = sin, cos phi;  m = rod + plate
//   F = F_0 + k z + c_d z' + F_skin + F_obstruction
// and the driver's force on the plate is N = m_p z'' + F >= 0. Where N would be negative the plate floats: m_p x'' =
// -F(x, x'), m = rod alone. Onset near full extension: w^2 = (F_0 + k S + F_skin)/(m_p e) [D]. It comes back as an
// impact with a coefficient of restitution, momentum shared with the driver's inertia. Beyond S + stop_clearance it
// hits the cartridge's stop.
// Coulomb friction may stop the rotor within a step, never reverse it: no creep and no chatter at rest.
// Integration: leapfrog, second order. Forces are taken at the angle of the step's begin; speeds are means over a step.
//
//   member                        default   source
//   cam_inertia_kg_m2             2.9e-8    with the rotor 1.0e-7 [E]
//   eccentricity_m                1.75 mm   [E]
//   rod_mass_kg                   1.65 g    rod and plate 2.0 g [E]; the plate's mass is the cartridge's
//   friction_N_m                  0.45e-3   0.3..0.9; bore and seals of the plunger (0.15..0.25 N) are in it [E]
//   viscous_N_m_s_per_rad         1e-7      [E]
//   spring_preload_N, spring_N_per_m, spring_damping_N_s_per_m   0.30, 150, 0.02 [E]
//   stop_clearance_m              0.3 mm    [E]
//   restitution_1                 0.3       plastic on plastic [E]
//   obstruction_N_per_m, obstruction_damping_N_s_per_m   1e6, 300 [E]: needles against something hard, hardly any
//                                                        rebound
//
// Not modelled: play of the eccentric, bending of the rod, membrane as a spring of its own, friction that grows with
// side load, gravity (0.02 N on 2 g).
#pragma once

#include <cstdint>

#include "models/parameters.h"

namespace pensim {

struct DrivetrainParams {
  double cam_inertia_kg_m2 = 2.9e-8;
  double eccentricity_m = 1.75e-3;
  double rod_mass_kg = 1.65e-3;
  double friction_N_m = 0.45e-3;
  double viscous_N_m_s_per_rad = 1e-7;
  double spring_preload_N = 0.30;
  double spring_N_per_m = 150.0;
  double spring_damping_N_s_per_m = 0.02;
  double stop_clearance_m = 0.3e-3;
  double restitution_1 = 0.3;
  double obstruction_N_per_m = 1e6;
  double obstruction_damping_N_s_per_m = 300.0;
};

template <class Params, class F>
constexpr void each_drivetrain_param(Params& params, F f) {
  f("cam_inertia_kg_m2", params.cam_inertia_kg_m2);
  f("eccentricity_m", params.eccentricity_m);
  f("rod_mass_kg", params.rod_mass_kg);
  f("friction_N_m", params.friction_N_m);
  f("viscous_N_m_s_per_rad", params.viscous_N_m_s_per_rad);
  f("spring_preload_N", params.spring_preload_N);
  f("spring_N_per_m", params.spring_N_per_m);
  f("spring_damping_N_s_per_m", params.spring_damping_N_s_per_m);
  f("stop_clearance_m", params.stop_clearance_m);
  f("restitution_1", params.restitution_1);
  f("obstruction_N_per_m", params.obstruction_N_per_m);
  f("obstruction_damping_N_s_per_m", params.obstruction_damping_N_s_per_m);
}
static_assert(bytes_listed<DrivetrainParams>([](auto& params, auto f) { each_drivetrain_param(params, f); }) ==
              sizeof(DrivetrainParams));

struct DrivetrainState {
  double angle_rad = 0;                // 0 .. 2 pi
  double sin_1 = 0, cos_1 = 1;         // of the angle
  double speed_rad_per_s = 0;          // mean over the last step
  double acceleration_rad_per_s2 = 0;  // at its begin
  double turned_rad = 0;               // in the last step
  double plate_m = 0;                  // x, zero when retracted
  double plate_speed_m_per_s = 0;
  double plate_acceleration_m_per_s2 = 0;
  double obstruction_N = 0;      // force of obstruction or stop on the plate, last step
  std::int64_t floating = 0;     // 1: the plate has left the driver
  std::int64_t revolutions = 0;  // net passages of the retracted dead centre
  std::int64_t floats = 0;       // times the plate has left the driver
  double friction_J = 0;         // lost since reset: Coulomb and viscous friction of the rotor,
  double damping_J = 0;          // damping of the spring,
  double impact_J = 0;           // plate on driver, stop and obstruction
};

struct DrivetrainInput {
  double torque_N_m = 0;    // of the motor, its friction not subtracted
  double skin_N = 0;        // on the needles, positive when it resists entry
  double friction_N_m = 0;  // Coulomb, motor and mechanism and fault
  double spring_factor_1 = 1;
  double limit_m = 1;              // obstruction: x beyond which something hard is met
  std::int64_t plate_present = 1;  // 0: no cartridge, so neither plate nor spring
};

// Constants of a step length and a cartridge.
struct DrivetrainDerived {
  double dt_s = 0, per_dt_Hz = 0;
  double inertia_kg_m2 = 0;              // rotor + cam
  double rod_kg_m2 = 0, both_kg_m2 = 0;  // m e^2
  double plate_kg = 0;
  double stop_m = 0;  // S + clearance
  double stroke_m = 0;
};
DrivetrainDerived drivetrain_derive(const DrivetrainParams& params, double rotor_inertia_kg_m2, double plate_mass_kg,
                                    double dt_s);

void drivetrain_reset(const DrivetrainParams& params, double angle_rad, DrivetrainState& state);

// sin and cos are carried by rotation; this takes them afresh from the angle (every millisecond).
void drivetrain_refresh(DrivetrainState& state);

// `crossing_s`: instant within the step at which the retracted dead centre was passed, or -1.
void drivetrain_step(const DrivetrainParams& params, const DrivetrainDerived& derived, DrivetrainState& state,
                     const DrivetrainInput& input, double& crossing_s);

// Energy stored at the end of the last step, of a plate with this spring or of none.
struct DrivetrainEnergy {
  double kinetic_J = 0;  // rotor, cam, rod, plate
  double spring_J = 0;   // above the retracted plate
};
DrivetrainEnergy drivetrain_energy(const DrivetrainParams& params, const DrivetrainDerived& derived,
                                   const DrivetrainState& state, double spring_factor_1, std::int64_t plate_present);

}  // namespace pensim
