// Numbers in a core's memory: read every tick, read once, written.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "firmware_shim/symbols/symbols.h"

namespace pensim {
namespace {

// C leaves the sign of an enumeration to the compiler; one with a negative enumerator has one.
bool is_signed(const CoreVariable& v) {
  if (v.kind == CoreVariable::Kind::signed_integer) return true;
  return v.kind == CoreVariable::Kind::enumeration &&
         std::any_of(v.enumerators.begin(), v.enumerators.end(), [](const auto& e) { return e.first < 0; });
}

}  // namespace

Watch make_watch(const CoreVariable& v, const void* at) {
  using Read = Watch::Read;
  constexpr std::uintptr_t page_bytes = 4096;
  const unsigned bits = v.bit_size ? v.bit_size : v.size_bytes * 8u;
  unsigned lowest = v.bit_size ? v.bit_offset : 0;
  auto address = reinterpret_cast<std::uintptr_t>(at);
  // the next page may not be there
  if (address % page_bytes > page_bytes - 8 && address % page_bytes + v.size_bytes <= page_bytes) {
    address -= 8u - v.size_bytes;
    lowest += 8u * (8u - v.size_bytes);
  }
  Watch w;
  w.at = reinterpret_cast<const void*>(address);
  w.shift_left = static_cast<std::uint8_t>(64 - lowest - bits);
  w.shift_right = static_cast<std::uint8_t>(64 - bits);
  if (v.kind == CoreVariable::Kind::floating)
    w.read = v.size_bytes == 4 ? Read::f32 : Read::f64;
  else if (is_signed(v))
    w.read = Read::signed_bits;
  else
    w.read = bits == 64 ? Read::whole_u64 : Read::unsigned_bits;
  return w;
}

Followed follow(const CoreVariable& v, std::uint64_t address, const ReadMemory& read) {
  std::uint64_t pointer = 0;
  for (const std::uint64_t offset : v.hops) {
    pointer = 0;
    if (!read(address, &pointer, v.pointer_bytes)) return {std::nullopt, address};
    if (pointer == 0) return {std::nullopt, 0};
    address = pointer + offset;
  }
  return {address, pointer};
}

Watch make_watch(const FollowedWatch& f) {
  CoreVariable v;
  v.kind = CoreVariable::Kind::floating;
  v.size_bytes = sizeof f.value;
  return make_watch(v, &f.value);
}

void refresh(FollowedWatch& f, std::uint64_t address, const ReadMemory& read) {
  const Followed place = follow(f.variable, address, read);
  std::uint64_t memory = 0;
  if (place.address && read(*place.address, &memory, f.variable.size_bytes)) {
    f.value = read_variable(f.variable, &memory);
    return;
  }
  f.value = std::numeric_limits<double>::quiet_NaN();
  if (f.wild == 0) f.wild = place.pointer;
}

std::string finding_of(FollowedWatch& f) {
  if (f.wild == 0 || std::exchange(f.told, true)) return "";
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(f.wild));
  return f.variable.name + " cannot be read: a pointer on the way is " + text +
         ", where no memory is; NaN is recorded until it points to some";
}

double read_variable(const CoreVariable& v, const void* memory) {
  alignas(8) unsigned char word[8] = {};
  std::memcpy(word, memory, v.size_bytes);
  return read_watch(make_watch(v, word));
}

bool write_variable(const CoreVariable& v, void* memory, double value) {
  std::uint64_t raw = 0;
  if (v.kind == CoreVariable::Kind::floating) {
    if (v.size_bytes == 4) {
      const float narrow = static_cast<float>(value);
      if (std::isfinite(value) && !std::isfinite(narrow)) return false;
      raw = std::bit_cast<std::uint32_t>(narrow);
    } else {
      raw = std::bit_cast<std::uint64_t>(value);
    }
  } else {
    const int bits = v.bit_size ? v.bit_size : v.size_bytes * 8;
    const bool with_sign = is_signed(v);
    const double whole = std::nearbyint(value);
    const double low = with_sign ? -std::ldexp(1.0, bits - 1) : 0.0,
                 beyond = std::ldexp(1.0, with_sign ? bits - 1 : bits);
    if (!(whole >= low && whole < beyond)) return false;
    if (v.kind == CoreVariable::Kind::boolean && whole > 1) return false;
    raw = with_sign ? static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)) : static_cast<std::uint64_t>(whole);
    if (v.bit_size) {
      std::uint64_t old = 0;
      std::memcpy(&old, memory, v.size_bytes);
      const std::uint64_t mask = (v.bit_size < 64 ? (1ull << v.bit_size) - 1 : ~0ull) << v.bit_offset;
      raw = (old & ~mask) | ((raw << v.bit_offset) & mask);
    }
  }
  std::memcpy(memory, &raw, v.size_bytes);
  return true;
}

std::string enumerator_name(const CoreVariable& v, double value) {
  if (v.kind != CoreVariable::Kind::enumeration) return "";
  for (const auto& [enumerator, name] : v.enumerators)
    if (static_cast<double>(enumerator) == value) return name;
  return "";
}

}  // namespace pensim
