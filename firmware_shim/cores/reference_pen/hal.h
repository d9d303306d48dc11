/* hal.h - what the board gives to the firmware: counts, levels, microseconds. The board support implements these
 * functions. */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hal_adc { /* 12 bit, 0..4095 for 0..3.3 V */
               HAL_ADC_MOTOR_CURRENT,
               HAL_ADC_BATTERY,
               HAL_ADC_NTC_MOTOR,
               HAL_ADC_NTC_HOUSING,
               HAL_ADC_NOSE_FORCE,
               HAL_ADC_CARTRIDGE_ID,
               HAL_ADC_SUPPLY,
               HAL_ADC_DEPTH_DIAL,
               HAL_ADC_RATE_DIAL
};
#define HAL_ADC_FULL_SCALE 4095u

enum hal_pin { /* true: pressed, closed, connected */
               HAL_PIN_HALL,
               HAL_PIN_START,
               HAL_PIN_PLUS,
               HAL_PIN_MINUS,
               HAL_PIN_MODE,
               HAL_PIN_CONFIRM,
               HAL_PIN_HOME,
               HAL_PIN_CARTRIDGE,
               HAL_PIN_CHARGER
};

enum hal_output { HAL_OUT_ENABLE, HAL_OUT_LED_READY, HAL_OUT_LED_ALARM, HAL_OUT_LED_CONTACT, HAL_OUT_BUZZER };

enum hal_bridge { HAL_BRIDGE_OFF, HAL_BRIDGE_DRIVE, HAL_BRIDGE_BRAKE };

enum hal_reset_cause {
  HAL_RESET_POWER_ON = 1,
  HAL_RESET_PIN,
  HAL_RESET_BROWN_OUT,
  HAL_RESET_WATCHDOG,
  HAL_RESET_SOFTWARE
};

enum hal_nvm_bank { HAL_NVM_PEN, HAL_NVM_CARTRIDGE };
enum hal_nvm_operation { HAL_NVM_READ = 1, HAL_NVM_WRITE, HAL_NVM_ERASE, HAL_NVM_SERIAL };
enum hal_nvm_result { HAL_NVM_PENDING, HAL_NVM_DONE, HAL_NVM_FAILED };

#define HAL_NVM_CHUNK 16u /* bytes per read or write, within one page */
#define HAL_NVM_PAGE 256u /* an erase sets a page to 0xFF; a write only clears bits */
#define HAL_NVM_PEN_BYTES 4096u

uint32_t hal_time_us(void); /* 1 MHz, wraps at 2^32: use differences */
uint16_t hal_adc(enum hal_adc channel);
bool hal_pin(enum hal_pin pin);
bool hal_edges_lost(void); /* since the last call: more edges than the capture unit holds */
enum hal_reset_cause hal_reset_cause(void);

void hal_bridge(enum hal_bridge mode, int16_t duty_q15);
void hal_output(enum hal_output output, bool on);
void hal_stepper(int16_t half_steps); /* adds to the queue of the stepper driver; positive extends */
void hal_watchdog_start(uint16_t timeout_ms);
void hal_watchdog_kick(void);

/* One operation at a time; `data` is copied by a write and is filled at the result of a read. */
void hal_nvm_begin(enum hal_nvm_operation operation, enum hal_nvm_bank bank, uint16_t address, uint8_t length,
                   const uint8_t* data);
enum hal_nvm_result hal_nvm_result(uint8_t data[HAL_NVM_CHUNK]);

uint32_t hal_uart_read(uint8_t* bytes, uint32_t room);
uint32_t hal_uart_free(void);
void hal_uart_write(const uint8_t* bytes, uint32_t count);

#endif
