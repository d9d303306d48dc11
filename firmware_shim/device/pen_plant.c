#include "pen_plant.h"

#include <math.h>
#include <string.h>

#define TWO_PI 6.2831853f

void pen_plant_reset(PenPlant* plant, const PenPlantParameters* parameters) {
  memset(plant, 0, sizeof *plant);
  plant->p = parameters;
  plant->angle_rad = parameters->initial_angle_rad;
  plant->rail_V = parameters->cell_V;
  plant->screw_m = parameters->screw_initial_m;
  memset(plant->pen_memory, 0xFF, sizeof plant->pen_memory);
  memset(plant->cartridge_memory, 0xFF, sizeof plant->cartridge_memory);
  plant->cartridge_memory[0] = 0; /* uses */
}

/* ---- non-volatile memory (rules: pen_shim.h) ---- */

static uint32_t memory_ticks(const PenPlant* plant, const PenOut* out) {
  const uint32_t us = out->nvm_command == PEN_NVM_ERASE                                        ? 20000u
                      : out->nvm_command == PEN_NVM_WRITE && out->nvm_bank == PEN_NVM_BANK_PEN ? 200u
                      : out->nvm_command == PEN_NVM_WRITE                                      ? 5000u
                                                                                               : 0u;
  const uint32_t ticks = us / plant->p->tick_us;
  return ticks ? ticks : 1u;
}

static int carry_out(PenPlant* plant, PenIn* in) {
  const PenOut* r = &plant->request;
  const int pen = r->nvm_bank == PEN_NVM_BANK_PEN;
  uint8_t* bank = pen ? plant->pen_memory : plant->cartridge_memory;
  const uint32_t bytes = pen ? PEN_NVM_PEN_BYTES : PEN_NVM_CARTRIDGE_BYTES,
                 end = (uint32_t)r->nvm_address + r->nvm_length;
  if (r->nvm_command == PEN_NVM_SERIAL) {
    if (pen) return 0;
    in->nvm_length = 8;
    in->nvm_data[0] = 1;
    return 1;
  }
  if (r->nvm_command == PEN_NVM_ERASE) {
    if (!pen || r->nvm_address >= bytes) return 0;
    memset(bank + r->nvm_address / PEN_NVM_PAGE_BYTES * PEN_NVM_PAGE_BYTES, 0xFF, PEN_NVM_PAGE_BYTES);
    return 1;
  }
  if (r->nvm_length < 1 || r->nvm_length > PEN_NVM_BYTES || end > bytes) return 0;
  if (r->nvm_command == PEN_NVM_READ) {
    memcpy(in->nvm_data, bank + r->nvm_address, r->nvm_length);
    in->nvm_length = r->nvm_length;
    return 1;
  }
  if (pen && r->nvm_address / PEN_NVM_PAGE_BYTES != (end - 1u) / PEN_NVM_PAGE_BYTES) return 0;
  for (uint32_t i = 0; i < r->nvm_length; ++i) {
    uint8_t* at = bank + r->nvm_address + i;
    *at = pen ? (uint8_t)(*at & r->nvm_data[i]) : r->nvm_data[i];
  }
  return 1;
}

static void sense_memory(PenPlant* plant, const PenOut* out, PenIn* in) {
  in->nvm_status = plant->request.nvm_command ? PEN_NVM_BUSY : PEN_NVM_IDLE;
  if (out->nvm_command) {
    if (plant->request.nvm_command) {
      in->nvm_status = PEN_NVM_ERROR;
    } else {
      plant->request = *out;
      plant->memory_ticks = memory_ticks(plant, out);
      in->nvm_status = PEN_NVM_BUSY;
    }
  }
  if (!plant->request.nvm_command || --plant->memory_ticks > 0) return;
  in->nvm_status = carry_out(plant, in) ? PEN_NVM_DONE : PEN_NVM_ERROR;
  plant->request.nvm_command = PEN_NVM_NONE;
}

/* ---- sensors ---- */

static uint16_t counts(float value) {
  return (uint16_t)(value < 0.0f ? 0.0f : value > 4095.0f ? 4095.0f : value + 0.5f);
}

static void set_line(PenPlant* plant, uint8_t line, int level, uint32_t time_us) {
  const uint16_t bit = (uint16_t)(1u << line);
  if (((plant->pins & bit) != 0) == (level != 0)) return;
  plant->pins = (uint16_t)(plant->pins ^ bit);
  if (plant->edge_count == PEN_EDGES) return;
  PenEdge* edge = &plant->edges[plant->edge_count++];
  edge->time_us = time_us;
  edge->line = line;
  edge->level = (uint8_t)(level != 0);
  edge->reserved = 0;
}

void pen_plant_sense(PenPlant* plant, const PenPlantUser* user, const PenOut* out, PenIn* in) {
  const PenPlantParameters* p = plant->p;
  memset(in, 0, sizeof *in);
  in->time_us = plant->time_us;
  in->reset_cause = PEN_RESET_POWER_ON;
  in->adc[PEN_ADC_MOTOR_CURRENT] = counts(plant->mean_current_A * p->current_counts_per_A + p->current_offset_counts);
  in->adc[PEN_ADC_BATTERY] = in->adc[PEN_ADC_SUPPLY] = counts(plant->rail_V * p->voltage_counts_per_V);
  in->adc[PEN_ADC_NTC_MOTOR] = in->adc[PEN_ADC_NTC_HOUSING] = p->ntc_counts;
  in->adc[PEN_ADC_NOSE_FORCE] = p->nose_counts;
  in->adc[PEN_ADC_CARTRIDGE_ID] = p->cartridge_id_counts;
  in->adc[PEN_ADC_DEPTH_DIAL] =
      counts(4095.0f * (p->dial_low_share + (user->depth_m - p->dial_depth_low_m) * p->dial_depth_share_per_m));
  in->adc[PEN_ADC_RATE_DIAL] =
      counts(4095.0f * (p->dial_low_share + (user->rate_Hz - p->dial_rate_low_Hz) * p->dial_rate_share_per_Hz));
  set_line(plant, PEN_LINE_START, user->start, plant->time_us);
  set_line(plant, PEN_LINE_HOME, plant->screw_m <= 0.0f, plant->time_us);
  set_line(plant, PEN_LINE_CARTRIDGE, 1, plant->time_us);
  in->pins = plant->pins;
  in->edge_count = (uint8_t)plant->edge_count;
  memcpy(in->edges, plant->edges, plant->edge_count * sizeof(PenEdge));
  plant->edge_count = 0;
  sense_memory(plant, out, in);
}

/* ---- motion ---- */

static void move_screw(PenPlant* plant, const PenOut* out, float tick_s) {
  const PenPlantParameters* p = plant->p;
  plant->screw_queue += out->stepper_steps;
  plant->screw_wait_s -= tick_s;
  if (plant->screw_wait_s > 0.0f) return;
  if (!plant->screw_queue) {
    plant->screw_wait_s = 0.0f;
    return;
  }
  const int32_t step = plant->screw_queue > 0 ? 1 : -1;
  const float to_m = plant->screw_m + (float)step * p->half_step_m;
  plant->screw_queue -= step;
  if (to_m <= p->upper_stop_m && to_m >= p->lower_stop_m) plant->screw_m = to_m;
  plant->screw_wait_s += p->half_step_s;
}

static void move_current(PenPlant* plant, const PenOut* out, float tick_s) {
  const PenPlantParameters* p = plant->p;
  const int enabled = (out->pins >> PEN_OUT_ENABLE & 1u) != 0;
  const float duty = (float)out->duty_q15 / 32767.0f;
  float rail_A = p->electronics_A;
  if (!enabled || out->bridge_mode == PEN_BRIDGE_OFF) {
    plant->current_A = plant->mean_current_A = 0.0f; /* out through the diodes within two steps */
  } else {
    const float applied_V = out->bridge_mode == PEN_BRIDGE_DRIVE ? duty * plant->rail_V : 0.0f;
    const float end_A = (applied_V - p->constant_V_s_per_rad * plant->speed_rad_per_s) / p->resistance_ohm;
    const float steps = tick_s * p->resistance_ohm / p->inductance_H, decay = expf(-steps);
    plant->mean_current_A = end_A + (plant->current_A - end_A) * (1.0f - decay) / steps;
    plant->current_A = end_A + (plant->current_A - end_A) * decay;
    if (out->bridge_mode == PEN_BRIDGE_DRIVE) rail_A += duty * plant->mean_current_A;
  }
  plant->rail_V = p->cell_V - p->cell_ohm * rail_A;
}

static void move_cam(PenPlant* plant, const PenPlantUser* user, float tick_s) {
  const PenPlantParameters* p = plant->p;
  const float e = p->eccentricity_m, s = sinf(plant->angle_rad), c = cosf(plant->angle_rad);
  const float lift_m = e * (1.0f - c), extension_m = lift_m - (2.0f * e - plant->screw_m);
  const float w = plant->speed_rad_per_s;
  float force_N = p->spring_preload_N + p->spring_N_per_m * lift_m + p->spring_damping_N_s_per_m * e * s * w;
  if (extension_m > 0.0f && s * w > 0.0f) force_N += user->needle_N_per_m * extension_m;
  const float inertia = p->inertia_kg_m2 + p->moving_mass_kg * e * e * s * s;
  const float torque_N_m = p->constant_V_s_per_rad * plant->mean_current_A - p->viscous_N_m_s_per_rad * w -
                           e * s * force_N - p->moving_mass_kg * e * e * s * c * w * w;
  float to = w + tick_s * torque_N_m / inertia;
  const float friction = tick_s * p->friction_N_m / inertia;
  to = to > friction ? to - friction : to < -friction ? to + friction : 0.0f;
  plant->speed_rad_per_s = to;

  const float before = plant->angle_rad;
  float angle = before + tick_s * to;
  plant->since_boundary_s += tick_s;
  if (before < p->hall_width_rad && angle >= p->hall_width_rad) {
    const float at = (p->hall_width_rad - before) / (angle - before);
    set_line(plant, PEN_LINE_HALL, 0, plant->time_us + (uint32_t)(at * (float)p->tick_us));
  }
  if (angle >= TWO_PI) {
    const float at = (TWO_PI - before) / (angle - before), rest_s = (1.0f - at) * tick_s;
    set_line(plant, PEN_LINE_HALL, 1, plant->time_us + (uint32_t)(at * (float)p->tick_us));
    if (plant->strokes++) plant->stroke_period_s = plant->since_boundary_s - rest_s;
    plant->since_boundary_s = rest_s;
    angle -= TWO_PI;
  } else if (angle < 0.0f) {
    angle += TWO_PI;
  }
  plant->angle_rad = angle;
}

void pen_plant_move(PenPlant* plant, const PenPlantUser* user, const PenOut* out) {
  const float tick_s = (float)plant->p->tick_us * 1e-6f;
  move_screw(plant, out, tick_s);
  move_current(plant, out, tick_s);
  move_cam(plant, user, tick_s);
  plant->time_us += plant->p->tick_us;
}

float pen_plant_rate_Hz(const PenPlant* plant) {
  if (plant->strokes < 2u) return 0.0f;
  const float period_s =
      plant->stroke_period_s > plant->since_boundary_s ? plant->stroke_period_s : plant->since_boundary_s;
  return 1.0f / period_s;
}
