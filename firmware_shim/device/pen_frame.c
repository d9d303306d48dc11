#include "pen_frame.h"

#include <string.h>

#define HEAD 3u /* type, sequence */
#define CRC_BYTES 4u

/* Half a byte at a time: 64 bytes of table on the board. */
uint32_t pen_crc32(uint32_t crc, const void* bytes, uint32_t count) {
  static const uint32_t table[16] = {0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
                                     0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
                                     0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
  const uint8_t* at = (const uint8_t*)bytes;
  crc = ~crc;
  for (uint32_t i = 0; i < count; ++i) {
    crc ^= at[i];
    crc = crc >> 4 ^ table[crc & 15u];
    crc = crc >> 4 ^ table[crc & 15u];
  }
  return ~crc;
}

static uint32_t body_crc(uint32_t session, const uint8_t* body, uint32_t count) {
  uint8_t of_session[4];
  pen_put_u32(of_session, session);
  return pen_crc32(pen_crc32(0, of_session, 4), body, count);
}

/* Consistent overhead byte stuffing: each zero becomes the distance to the next one; 255 says 254 bytes without one. */
static uint32_t stuff(const uint8_t* from, uint32_t count, uint8_t* to) {
  uint32_t at = 1, code_at = 0;
  uint8_t code = 1;
  for (uint32_t i = 0; i < count; ++i) {
    if (from[i]) {
      to[at++] = from[i];
      ++code;
    }
    if (!from[i] || code == 255u) {
      to[code_at] = code;
      code_at = at++;
      code = 1;
    }
  }
  to[code_at] = code;
  to[at++] = 0;
  return at;
}

/* In place; returns the length, 0 if a distance leads beyond the end. */
static uint32_t unstuff(uint8_t* bytes, uint32_t count) {
  uint32_t from = 0, to = 0;
  while (from < count) {
    uint32_t code = bytes[from++];
    if (code == 0 || code - 1u > count - from) return 0;
    for (uint32_t i = 1; i < code; ++i) bytes[to++] = bytes[from++];
    if (code != 255u && from < count) bytes[to++] = 0;
  }
  return to;
}

uint32_t pen_frame_encode(uint32_t session, uint8_t type, uint16_t sequence, const void* payload, uint32_t count,
                          uint8_t* frame) {
  uint8_t body[PEN_LINK_BODY];
  if (count > PEN_LINK_PAYLOAD) return 0;
  body[0] = type;
  body[1] = (uint8_t)sequence;
  body[2] = (uint8_t)(sequence >> 8);
  if (count) memcpy(body + HEAD, payload, count);
  pen_put_u32(body + HEAD + count, body_crc(session, body, HEAD + count));
  return stuff(body, HEAD + count + CRC_BYTES, frame);
}

static int of_no_session(uint8_t type) {
  type &= (uint8_t)~PEN_LINK_ANSWER;
  return type == PEN_LINK_INFO || type == PEN_LINK_ECHO || type == PEN_LINK_START;
}

int pen_frame_decode(PenDecoder* decoder, uint32_t session, const uint8_t* bytes, uint32_t count, uint32_t* used,
                     PenFrame* frame) {
  const uint8_t* zero = count ? (const uint8_t*)memchr(bytes, 0, count) : NULL;
  uint32_t length = zero ? (uint32_t)(zero - bytes) : count;
  *used = zero ? length + 1u : length;
  if (decoder->too_long || length > sizeof decoder->bytes - decoder->count) {
    decoder->too_long = 1;
  } else if (length) {
    memcpy(decoder->bytes + decoder->count, bytes, length);
    decoder->count += length;
  }
  if (!zero) return 0;

  uint32_t stuffed = decoder->count;
  uint8_t too_long = decoder->too_long;
  decoder->count = 0;
  decoder->too_long = 0;
  if (!stuffed && !too_long) return 0; /* zero bytes between frames mean nothing */
  uint32_t body = too_long ? 0 : unstuff(decoder->bytes, stuffed);
  if (body >= HEAD + CRC_BYTES && body <= PEN_LINK_BODY) {
    const uint8_t* at = decoder->bytes;
    uint32_t crc = pen_get_u32(at + body - CRC_BYTES);
    if (crc == body_crc(of_no_session(at[0]) ? 0 : session, at, body - CRC_BYTES)) {
      frame->type = at[0];
      frame->sequence = (uint16_t)(at[1] | at[2] << 8);
      frame->count = body - HEAD - CRC_BYTES;
      frame->payload = at + HEAD;
      ++decoder->received;
      return 1;
    }
  }
  ++decoder->damaged;
  return 0;
}

/* ---- changes ---- */

uint32_t pen_changes_encode(const void* before, const void* now, uint32_t count, uint8_t distance, uint8_t* to,
                            uint32_t room) {
  const uint8_t *old = (const uint8_t*)before, *new_bytes = (const uint8_t*)now;
  uint32_t groups = (count + 7u) / 8u, maps = (groups + 7u) / 8u;
  uint32_t at = 1u + maps;
  if (at > room) return 0;
  to[0] = before ? distance : 0;
  memset(to + 1, 0, maps);
  for (uint32_t g = 0; g < groups; ++g) {
    uint32_t begin = g * 8u, bytes = count - begin < 8u ? count - begin : 8u;
    if (bytes == 8u) { /* most groups have not changed */
      uint64_t a = 0, b;
      if (old) memcpy(&a, old + begin, 8);
      memcpy(&b, new_bytes + begin, 8);
      if (a == b) continue;
    }
    uint32_t mask_at = at;
    uint8_t mask = 0;
    if (at + 1u + bytes > room) return 0;
    ++at;
    for (uint32_t i = 0; i < bytes; ++i) {
      uint8_t was = old ? old[begin + i] : 0;
      if (was == new_bytes[begin + i]) continue;
      mask |= (uint8_t)(1u << i);
      to[at++] = new_bytes[begin + i];
    }
    if (mask) {
      to[mask_at] = mask;
      to[1u + g / 8u] |= (uint8_t)(1u << (g & 7u));
    } else {
      at = mask_at;
    }
  }
  return at;
}

/* Walks over the changes; writes them if `bytes` is given. */
static int walk(const uint8_t* changes, uint32_t length, uint8_t* bytes, uint32_t count) {
  uint32_t groups = (count + 7u) / 8u, maps = (groups + 7u) / 8u;
  uint32_t at = 1u + maps;
  if (length < at) return 0;
  for (uint32_t g = 0; g < maps * 8u; ++g) {
    if (!(changes[1u + g / 8u] >> (g & 7u) & 1u)) continue;
    if (g >= groups || at >= length) return 0;
    uint8_t mask = changes[at++];
    if (!mask) return 0;
    for (uint32_t i = 0; i < 8u; ++i) {
      if (!(mask >> i & 1u)) continue;
      if (g * 8u + i >= count || at >= length) return 0;
      if (bytes) bytes[g * 8u + i] = changes[at];
      ++at;
    }
  }
  return at == length;
}

int pen_changes_decode(const uint8_t* changes, uint32_t length, void* bytes, uint32_t count) {
  if (!walk(changes, length, NULL, count)) return 0;
  return walk(changes, length, (uint8_t*)bytes, count);
}
