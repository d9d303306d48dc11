/* nvm.h - shares the one memory controller between its clients. One operation at a time. */
#ifndef NVM_H
#define NVM_H

#include <stdbool.h>
#include <stdint.h>

#include "hal.h"

enum nvm_client { NVM_NOBODY, NVM_EVENTS, NVM_SETTINGS, NVM_CARTRIDGE, NVM_CONSOLE };

struct nvm {
  enum nvm_client owner;
  enum hal_nvm_result result;
  uint8_t data[HAL_NVM_CHUNK];
  uint32_t failures;
};
extern struct nvm nvm;

/* False while another client's operation is under way or not yet collected. */
bool nvm_request(enum nvm_client client, enum hal_nvm_operation operation, enum hal_nvm_bank bank, uint32_t address,
                 uint32_t length, const uint8_t* data);
bool nvm_busy(enum nvm_client client);
/* DONE or FAILED once, which frees the memory for others; nvm.data then holds what was read. */
enum hal_nvm_result nvm_collect(enum nvm_client client);
void nvm_update(void); /* 1 kHz */

/* Little-endian fields of a record, and its checksum (CRC-16, CCITT). */
void put_u16(uint8_t* bytes, uint16_t value);
void put_u32(uint8_t* bytes, uint32_t value);
uint16_t get_u16(const uint8_t* bytes);
uint32_t get_u32(const uint8_t* bytes);
uint16_t crc16(const uint8_t* bytes, uint32_t count);
bool is_blank(const uint8_t* bytes, uint32_t count);

#endif
