/* pen_plant.h - the pen itself, small enough for its own processor: float, one step per firmware tick. C11.
 *
 * For a board alone on a bench, without a PC: the core's PenOut moves a modelled pen, whose sensors are the core's
 * PenIn. The equations are those of models/ (motor.h, bridge.h, drivetrain.h, depth_screw.h, battery.h, sensors.h), the
 * numbers come from the same catalogs: `pensim board parameters` writes pen_plant_parameters.h at build time.
 *
 *   L di/dt = u - R i - k w                                     exact within a step
 *   (J + m e^2 s^2) w' = k i - b w - e s F - m e^2 s c w^2 - T_c sgn(w)      s, c = sin, cos of the cam
 *   F = F_0 + c_s z + c_d z' + c_n max(extension, 0)   z = e (1 - c); c_n: load on the needles on their way in, N/m
 *   rail = V_oc - (R_cell + R_connector) I
 *
 * Bound: tests/firmware_shim/device/pen_plant_test.cpp holds stroke rate within 0.5 % and mean current within 2 %
 * of the full plant in air.
 *
 * Not modelled: the skin's law (a spring stands for it), PWM ripple and dead time, a plate that leaves its driver,
 * temperatures, relaxation of the cell, trip and protection, backlash of the screw, bounce of buttons, noise.
 */
#ifndef PENSIM_PEN_PLANT_H
#define PENSIM_PEN_PLANT_H

#include "pen_shim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PenPlantParameters {
  float resistance_ohm, inductance_H, constant_V_s_per_rad; /* winding, switches and shunt */
  float inertia_kg_m2, moving_mass_kg, eccentricity_m;
  float friction_N_m, viscous_N_m_s_per_rad;
  float spring_preload_N, spring_N_per_m, spring_damping_N_s_per_m;
  float cell_V, cell_ohm, electronics_A; /* open-circuit voltage and resistance at the state of charge */
  float half_step_m, half_step_s, upper_stop_m, lower_stop_m, screw_initial_m;
  float hall_width_rad, initial_angle_rad;
  float current_counts_per_A, current_offset_counts, voltage_counts_per_V;
  uint16_t ntc_counts, nose_counts, cartridge_id_counts; /* at rest */
  float dial_low_share, dial_depth_low_m, dial_depth_share_per_m, dial_rate_low_Hz, dial_rate_share_per_Hz;
  uint32_t tick_us;
} PenPlantParameters;

typedef struct PenPlantUser { /* may change from tick to tick */
  float depth_m, rate_Hz;     /* dials */
  uint8_t start;              /* button held */
  float needle_N_per_m;       /* load on the way in; 0 in air */
} PenPlantUser;

typedef struct PenPlant {
  const PenPlantParameters* p;
  float angle_rad, speed_rad_per_s, current_A, mean_current_A, rail_V;
  float screw_m, screw_wait_s;
  int32_t screw_queue;
  float stroke_period_s, since_boundary_s; /* 0 before the first two */
  uint32_t strokes;
  uint32_t time_us;
  uint16_t pins;
  PenOut request; /* memory operation under way */
  uint32_t memory_ticks;
  uint8_t pen_memory[PEN_NVM_PEN_BYTES], cartridge_memory[PEN_NVM_CARTRIDGE_BYTES];
  PenEdge edges[PEN_EDGES];
  uint32_t edge_count;
} PenPlant;

void pen_plant_reset(PenPlant* plant, const PenPlantParameters* parameters);

/* What the core is shown at this instant. `out`: of the tick before, for its memory command. */
void pen_plant_sense(PenPlant* plant, const PenPlantUser* user, const PenOut* out, PenIn* in);

/* One tick on, under `out`. */
void pen_plant_move(PenPlant* plant, const PenPlantUser* user, const PenOut* out);

/* Strokes per second: 1/max(last period, time since the last); 0 before the second stroke. */
float pen_plant_rate_Hz(const PenPlant* plant);

#ifdef __cplusplus
}
#endif
#endif
