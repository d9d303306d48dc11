/* config.h - every limit of the firmware, with its unit and the hazard (risk file, H1..H22) that asks for it. */
#ifndef CONFIG_H
#define CONFIG_H

#define FIRMWARE_NAME "reference_pen"
#define FIRMWARE_VERSION "1.0.0"

/* Rates of the tasks. */
#define CONTROL_HZ 2000
#define STATE_HZ 1000
#define SUPERVISION_HZ 100
#define SLOW_HZ 10

/* Scaling of the board. */
#define CURRENT_A_PER_COUNT 0.000805861f /* 50 mohm, gain 20, 3.3 V / 4095 */
#define VOLT_PER_COUNT 0.00161172f       /* divider 1:2 */
#define NOSE_ZERO_COUNTS 372.3f          /* 0.3 V */
#define NOSE_N_PER_COUNT 0.00268620f     /* 0.3 V/N */
#define DIAL_LOW_COUNTS 204.75f          /* 5 % of full scale */
#define DIAL_SPAN_COUNTS 3685.5f         /* 5 % .. 95 % */

/* Motor and bridge at 25 degC. */
#define MOTOR_OHM 1.38f /* winding, bridge and shunt */
#define WINDING_OHM 1.05f
#define BACK_EMF_V_PER_HZ 0.02042f /* 3.25 mV s/rad, one revolution per stroke */
#define FRICTION_V 0.25f           /* drop of the free-running current */
#define INERTIA_V_S_PER_HZ 2.7e-4f /* to accelerate rotor and cam */

/* Speed loop. H7: 5 % of the set rate, 80..150 Hz. */
#define SPEED_KP_V_PER_HZ 0.012f
#define SPEED_KI_V_PER_HZ_S 0.5f
#define SPEED_IR_SHARE 0.6f /* of the drop by the measured current that is fed forward */
#define SPEED_IR_LIMIT_A 1.0f
#define SPEED_ANTI_WINDUP_PER_S 60.0f /* back-calculation */
#define SPEED_INTEGRAL_LIMIT_V 1.2f
#define SPEED_RAMP_UP_HZ_PER_S 4000.0f
#define SPEED_RAMP_DOWN_HZ_PER_S 500.0f /* slower than friction does, so that the current stays positive */
#define SPEED_DUTY_MAX 0.98f
#define SUPPLY_FOLDBACK_START_V 2.95f /* H11: give way before the supervisor resets the controller */
#define SUPPLY_FOLDBACK_END_V 2.65f

/* Stroke rate. */
#define RATE_MIN_HZ 62.0f /* dial starts at 60; stays clear of H6 */
#define RATE_MAX_HZ 200.0f
#define RATE_EYE_MAX_HZ 100.0f    /* H4 */
#define RATE_IN_SKIN_MIN_HZ 60.0f /* H6 */
#define UNDER_RATE_MS 8           /* H6: off within 20 ms */
#define SILENCE_IN_SKIN_US 20000u /* H6: a revolution that takes 3.3 ms longer than at 60 Hz */
#define OVER_RATE_RATIO 1.20f     /* H2: faster than asked for */
#define OVER_RATE_MS 60

/* Hall sensor. H8, H12. */
#define HALL_SILENCE_US 25000u
/* from rest a revolution may take longer; four stalled starts stay within the 0.3 s of H10 */
#define SPIN_UP_GRACE_MS 60
#define HALL_SHORTEST_US 3500u    /* 285 Hz: no motor of this pen is that fast */
#define HALL_JITTER 0.80f         /* an edge earlier than 80 % of the last period is not a revolution */
#define HALL_SPIN_UP_MARGIN 0.60f /* as above, against the rate by back-EMF, until two periods agree */
#define HALL_DUTY_Q15 6554        /* 20 % */
#define HALL_IDLE_EDGES 4         /* revolutions without drive that count as uncommanded motion */

/* Motor current. H8, H13. */
#define CURRENT_LIMIT_A 2.3f /* fast limit, below the 3.0 A trip of the bridge */
#define CURRENT_STALL_A 2.0f
#define CURRENT_STALL_MS 20
#define CURRENT_ZERO_A 0.015f /* H13: auto-zero range */
#define CURRENT_STUCK_MS 10
#define CURRENT_EXPECTED_A 0.08f /* voltage and rate ask for more than this .. */
#define CURRENT_NONE_A 0.010f    /* .. and the sensor shows less than this */
#define CURRENT_IDLE_A 0.10f     /* H18: current without drive */
#define CURRENT_IDLE_MS 50

/* Stalls. H8, H10. */
#define STALL_RESTARTS 3
#define STALL_PAUSE_MS 250
#define STALL_BUDGET_MS 300 /* cumulative in 10 s */
#define STALL_WINDOW_MS 10000

/* Start and stop. H18. */
#define PRESS_DEBOUNCE_MS 30
#define RELEASE_DEBOUNCE_MS 2 /* brake within 10 ms, the wait for a good angle included */
#define BUTTON_DEBOUNCE_MS 20
#define BRAKE_MS 70
/* H18: 10 ms, less the period of the control task and the latency of the output */
#define BRAKE_WITHIN_US 9300u
#define BRAKE_RESET_US 500u
/* turns, at 100 Hz and 25 degC; fits the motion of this mechanism from 60 to 160 Hz */
#define BRAKE_LAST_ANGLE 0.09f
#define BRAKE_LAST_ANGLE_SLOPE (-0.64f) /* per 50 Hz */
#define BRAKE_LAST_ANGLE_CURVE 0.03f
#define BRAKE_CONTACT_ANGLE 0.06f /* skin brakes too */
#define BRAKE_ANGLE_MARGIN 0.05f
#define BRAKE_ANGLE_WINDOW 0.22f
#define BRAKE_ANGLE_NEAR 0.08f
#define BRAKE_ANGLE_NEAR_SLOW 0.003f /* per Hz below 100: more angles are good */
#define BRAKE_COAST_HZ_PER_S 1100.0f
#define PARK_TIMEOUT_MS 900
#define SPIN_UP_TIMEOUT_MS 300

/* Depth screw. H1, H4, H5. */
#define SCREW_UM_PER_HALF_STEP 12.5f
#define SCREW_HALF_STEPS_PER_S 600 /* 300 full steps/s */
#define SCREW_SEEK_HALF_STEPS_PER_S 300
#define SCREW_HOME_UM 0.0f           /* extension where the home switch opens */
#define SCREW_TRAVEL_HALF_STEPS 288  /* 3.6 mm: more than the whole way */
#define SCREW_CLEAR_HALF_STEPS 6     /* 75 um past the closed switch: out of its repeatability */
#define SCREW_RELEASE_HALF_STEPS 24  /* home must open within 0.3 mm from there */
#define SCREW_APPROACH_HALF_STEPS 8  /* 100 um, twice the worst backlash */
#define SCREW_TOLERANCE_HALF_STEPS 6 /* 75 um: more means lost steps */
/* retracting, home closes later by backlash (100 um), repeatability (2 x 20 um) and filter */
#define SCREW_BACKLASH_HALF_STEPS 13
#define DEPTH_MIN_UM 200
#define DEPTH_MAX_UM 3000         /* H5: mechanical end */
#define DEPTH_DEFAULT_CAP_UM 1500 /* H5: without unlock */
#define DEPTH_EYE_CAP_UM 500      /* H4 */
#define DEPTH_GRID_UM 50
#define MODE_CONFIRM_MS 5000 /* H4, H5: second step of the two-step confirm */
#define MODE_UNLOCK_HOLD_MS 1500

/* Nose force. H3, H6. */
#define CONTACT_ON_N 0.20f
#define CONTACT_OFF_N 0.10f
#define CONTACT_MS 5
#define CONTACT_RELEASE_MS 30
#define CONTACT_CURRENT_A 0.030f /* rise of the mean over a stroke that tells of skin */
#define PRESS_WARN_N 5.0f
#define PRESS_WARN_MS 500
#define PRESS_STOP_N 8.0f
#define PRESS_STOP_MS 10
#define NOSE_LOW_COUNTS 150 /* below 0.12 V the bridge amplifier is broken */

/* Temperatures, degC. H9, H10, H14. */
#define GRIP_WARM_C 39.0f
#define GRIP_DERATE_C 40.0f
#define GRIP_LIMIT_C 41.0f
#define GRIP_STOP_C 43.0f
#define GRIP_RESUME_C 40.0f
#define WINDING_DERATE_C 90.0f
#define WINDING_STOP_C 100.0f
#define WINDING_K_PER_W 6.0f
#define WINDING_J_PER_K 0.83f
#define RIPPLE_A2 0.045f  /* mean square of the PWM ripple */
#define NTC_BAD_SAMPLES 5 /* out of -20..100 degC for 50 ms */
#define DERATE_FLOOR 0.5f

/* Battery. H11, H22. */
#define UNDERVOLTAGE_V 3.0f
#define UNDERVOLTAGE_MS 500
#define BATTERY_REST_V 3.5f
#define BATTERY_WARN 0.15f
#define BATTERY_REFUSE 0.05f
#define BATTERY_CAPACITY_AS 3060.0f /* 850 mAh */
#define BATTERY_IDLE_A 0.025f
#define SENSE_MISMATCH_V 0.15f

/* Cartridge. H2, H15. */
#define CARTRIDGE_DEBOUNCE_MS 20
#define CARTRIDGE_REMOVED_MS 3
#define CARTRIDGE_USE_ADDRESS 0 /* byte in the cartridge's memory: uses so far, 0xFF from the factory */

/* Session. H20. */
#define SESSION_LIMIT_MS 1800000u  /* 30 min of needling */
#define SESSION_PUNCTURES 1800000u /* 3000 /cm2 over a face of 600 cm2 */
#define SITE_PUNCTURES 60000u      /* 3000 /cm2 over 20 cm2 without lifting: warning */

/* Watchdog. H19. */
#define WATCHDOG_MS 20

#endif
