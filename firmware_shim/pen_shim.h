/* pen_shim.h - everything that crosses between the simulator and a firmware core. What is not here, the core cannot
 * see.
 *
 * Two structs of fixed size, C11, no pointers, no padding. The same bytes travel by call (native core), through guest
 * memory (emulated Cortex-M) and by wire (real board). One PenIn and one PenOut per firmware tick (50 us unless the pen
 * says otherwise).
 *
 * Rules
 *   - Unused array slots and reserved bytes are zero in both directions, so that the bytes can be hashed and compared.
 *   - PenOut fields marked LEVEL hold until changed; fields marked ONCE are consumed by the tick in which they are
 *     seen, and the runtime zeroes them before each tick of the core.
 *   - Outputs are preloaded: what the core writes in tick k acts on the plant from tick k+1 on.
 */
#ifndef PENSIM_PEN_SHIM_H
#define PENSIM_PEN_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEN_SHIM_VERSION 1u

/* ADC channels: 12 bit, 0..4095 for 0..3.3 V. */
enum {
  PEN_ADC_MOTOR_CURRENT, /* shunt 50 mohm, gain 20: 0.806 mA per count, sampled at the centre of the PWM on-time */
  PEN_ADC_BATTERY,       /* cell through a 1:2 divider: 1.61 mV per count */
  PEN_ADC_NTC_MOTOR,     /* NTC 10 kohm at 25 degC to ground, 10 kohm to 3.3 V */
  PEN_ADC_NTC_HOUSING,   /* as above, on the grip */
  PEN_ADC_NOSE_FORCE,    /* force on the nose ring: 0.3 V + 0.3 V/N (10 N full scale) */
  /* identification resistor of the cartridge to ground, 10 kohm to 3.3 V; absent reads full scale */
  PEN_ADC_CARTRIDGE_ID,
  PEN_ADC_SUPPLY,     /* motor supply rail behind the protection switch, 1:2 divider */
  PEN_ADC_DEPTH_DIAL, /* potentiometer: 0.2 mm at 5 % of full scale .. 3.0 mm at 95 % */
  PEN_ADC_RATE_DIAL,  /* potentiometer: 60 Hz at 5 % of full scale .. 200 Hz at 95 % */
  PEN_ADC_COUNT
};

/* Input pins, which are also the lines of edges. Bit (1u << line) of PenIn.pins is the level sampled at the tick.
 * Buttons and switches read 1 when pressed or closed (the board inverts where it must). */
enum {
  /* cam hall sensor, one pulse per revolution; rises when the cam passes the retracted dead centre */
  PEN_LINE_HALL,
  PEN_LINE_START, /* start button, the dead-man switch */
  PEN_LINE_PLUS,
  PEN_LINE_MINUS,
  PEN_LINE_MODE,
  PEN_LINE_CONFIRM,
  PEN_LINE_HOME,      /* home switch of the depth screw; closed when the screw is fully retracted */
  PEN_LINE_CARTRIDGE, /* cartridge latched */
  PEN_LINE_CHARGER,   /* charger connected */
  PEN_LINE_COUNT
};

/* Output pins: bit (1u << pin) of PenOut.pins. */
enum {
  PEN_OUT_ENABLE, /* gate driver enable; the bridge is off without it, whatever the mode */
  PEN_OUT_LED_READY,
  PEN_OUT_LED_ALARM,
  PEN_OUT_LED_CONTACT,
  PEN_OUT_BUZZER,
  PEN_OUT_COUNT
};

/* coast, PWM with synchronous slow decay, both low sides on */
enum { PEN_BRIDGE_OFF, PEN_BRIDGE_DRIVE, PEN_BRIDGE_BRAKE };

enum { PEN_RESET_POWER_ON = 1, PEN_RESET_PIN, PEN_RESET_BROWN_OUT, PEN_RESET_WATCHDOG, PEN_RESET_SOFTWARE };

/* Non-volatile memory. Bank 0 is the pen's flash: 4096 bytes in pages of 256; an erase sets a page to 0xFF (20 ms), a
 * write can only clear bits (200 us for up to 16 bytes within a page). Bank 1 is the cartridge's EEPROM: 64 bytes, each
 * writable without erase (5 ms), absent without a cartridge; PEN_NVM_SERIAL reads its 8 byte serial number. One
 * operation at a time: the result shows once in PenIn when it is DONE or ERROR; in between the status is BUSY. A
 * command given while BUSY is ERROR at once and leaves the operation under way alone. Reads take one tick. */
#define PEN_NVM_PEN_BYTES 4096u
#define PEN_NVM_PAGE_BYTES 256u
#define PEN_NVM_CARTRIDGE_BYTES 64u
enum { PEN_NVM_BANK_PEN, PEN_NVM_BANK_CARTRIDGE };
enum { PEN_NVM_NONE, PEN_NVM_READ, PEN_NVM_WRITE, PEN_NVM_ERASE, PEN_NVM_SERIAL };
enum { PEN_NVM_IDLE, PEN_NVM_BUSY, PEN_NVM_DONE, PEN_NVM_ERROR };

typedef struct PenEdge {
  uint32_t time_us; /* stamp on the core's clock */
  uint8_t line;     /* PEN_LINE_* */
  uint8_t level;    /* level after the edge */
  uint16_t reserved;
} PenEdge;

#define PEN_EDGES 8u
#define PEN_UART_BYTES 8u
#define PEN_NVM_BYTES 16u
#define PEN_AUX 8u

typedef struct PenIn {
  uint32_t time_us;            /* microseconds since power-on of the clock; wraps at 2^32 as on the hardware */
  uint16_t adc[PEN_ADC_COUNT]; /* counts, PEN_ADC_* */
  uint16_t pins;               /* bit per PEN_LINE_* */
  uint8_t edge_count;          /* edges since the last tick, in time order */
  uint8_t edge_overflow;       /* 1 if there were more than PEN_EDGES: the first ones are kept */
  uint8_t uart_count;          /* bytes received since the last tick */
  /* PEN_RESET_*, constant from reset to reset; 0 while the core is off or boots and does not see this tick */
  uint8_t reset_cause;
  uint8_t nvm_status; /* PEN_NVM_IDLE.. */
  uint8_t nvm_length; /* bytes valid in nvm_data after a DONE read */
  uint16_t reserved;
  PenEdge edges[PEN_EDGES];
  uint8_t uart[PEN_UART_BYTES];
  uint8_t nvm_data[PEN_NVM_BYTES];
  int32_t aux[PEN_AUX]; /* for what the pen model lacks (fuel gauge, IMU); set from the timeline */
} PenIn;

typedef struct PenOut {
  int16_t duty_q15;             /* LEVEL  -32767..32767: -100..100 % (negative turns the motor backwards) */
  uint8_t bridge_mode;          /* LEVEL  PEN_BRIDGE_* */
  uint8_t watchdog;             /* ONCE   PEN_WATCHDOG_START | PEN_WATCHDOG_KICK */
  int16_t stepper_steps;        /* ONCE   half steps of the depth screw to add to its queue; positive extends */
  uint16_t pins;                /* LEVEL  bit per PEN_OUT_* */
  uint16_t watchdog_timeout_ms; /* read with PEN_WATCHDOG_START; 1..65535; the watchdog cannot be stopped again */
  uint16_t nvm_address;         /* ONCE, with nvm_command */
  uint8_t nvm_command;          /* ONCE   PEN_NVM_* */
  uint8_t nvm_bank;             /* ONCE   PEN_NVM_BANK_* */
  uint8_t nvm_length;           /* ONCE   1..PEN_NVM_BYTES for read and write */
  /* ONCE   bytes sent in this tick (the runtime paces longer transmits at the baud rate) */
  uint8_t uart_count;
  uint8_t uart[PEN_UART_BYTES];    /* ONCE */
  uint8_t nvm_data[PEN_NVM_BYTES]; /* ONCE, for a write */
  int32_t aux[PEN_AUX];            /* LEVEL */
} PenOut;

enum { PEN_WATCHDOG_START = 1, PEN_WATCHDOG_KICK = 2 };

#ifdef __cplusplus
#define PEN_SHIM_ASSERT(condition, text) static_assert(condition, text)
#else
#define PEN_SHIM_ASSERT(condition, text) _Static_assert(condition, text)
#endif
PEN_SHIM_ASSERT(sizeof(PenEdge) == 8, "PenEdge is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenIn, adc) == 4 && offsetof(PenIn, pins) == 22, "PenIn is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenIn, edge_count) == 24 && offsetof(PenIn, edges) == 32,
                "PenIn is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenIn, uart) == 96 && offsetof(PenIn, nvm_data) == 104,
                "PenIn is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenIn, aux) == 120 && sizeof(PenIn) == 152, "PenIn is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenOut, stepper_steps) == 4 && offsetof(PenOut, nvm_command) == 12,
                "PenOut is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenOut, uart) == 16 && offsetof(PenOut, nvm_data) == 24,
                "PenOut is part of a versioned contract");
PEN_SHIM_ASSERT(offsetof(PenOut, aux) == 40 && sizeof(PenOut) == 72, "PenOut is part of a versioned contract");

#ifdef __cplusplus
}
#endif
#endif
