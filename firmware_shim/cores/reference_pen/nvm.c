#include "nvm.h"

struct nvm nvm;

bool nvm_request(enum nvm_client client, enum hal_nvm_operation operation, enum hal_nvm_bank bank, uint32_t address,
                 uint32_t length, const uint8_t* data) {
  if (nvm.owner != NVM_NOBODY) return false;
  nvm.owner = client;
  nvm.result = HAL_NVM_PENDING;
  hal_nvm_begin(operation, bank, (uint16_t)address, (uint8_t)length, data);
  return true;
}

bool nvm_busy(enum nvm_client client) { return nvm.owner == client; }

enum hal_nvm_result nvm_collect(enum nvm_client client) {
  if (nvm.owner != client) return HAL_NVM_PENDING;
  const enum hal_nvm_result result = nvm.result;
  if (result != HAL_NVM_PENDING) nvm.owner = NVM_NOBODY;
  return result;
}

void nvm_update(void) {
  if (nvm.owner == NVM_NOBODY || nvm.result != HAL_NVM_PENDING) return;
  nvm.result = hal_nvm_result(nvm.data);
  if (nvm.result == HAL_NVM_FAILED) nvm.failures++;
}

void put_u16(uint8_t* bytes, uint16_t value) {
  bytes[0] = (uint8_t)(value & 0xFFu);
  bytes[1] = (uint8_t)(value >> 8);
}

void put_u32(uint8_t* bytes, uint32_t value) {
  put_u16(bytes, (uint16_t)(value & 0xFFFFu));
  put_u16(bytes + 2, (uint16_t)(value >> 16));
}

uint16_t get_u16(const uint8_t* bytes) { return (uint16_t)(bytes[0] | (uint16_t)(bytes[1] << 8)); }

uint32_t get_u32(const uint8_t* bytes) { return (uint32_t)get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16; }

uint16_t crc16(const uint8_t* bytes, uint32_t count) {
  uint32_t crc = 0xFFFFu;
  for (uint32_t i = 0; i < count; ++i) {
    crc ^= (uint32_t)bytes[i] << 8;
    for (uint32_t bit = 0; bit < 8; ++bit) crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
  }
  return (uint16_t)(crc & 0xFFFFu);
}

bool is_blank(const uint8_t* bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i)
    if (bytes[i] != 0xFFu) return false;
  return true;
}
