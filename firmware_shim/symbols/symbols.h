// symbols.h - the variables of a firmware core by name, from the DWARF of its shared object or ARM ELF.
//
// Names
//   speed_loop.integral   table[3].gain   grid[1][2]   p.bits.mode          members and elements of variables of file
//                                                      scope
//   motor.c:state                                                           one of several statics of the same name
//   control_loop::count   motor.c:control_loop::count                       a static inside a function
//   pen::Driver::instances                                                  C++ namespaces and classes (anonymous ones
//   are left out)
//   pen::Ring<float, 4>::pushes                                             a template's, with the arguments as the
//   compiler writes them
//   motor->gain   table[2]->gain   points[3]   *level                       what a pointer points to, followed at each
//   read
//   A file is named by the end of its path: `motor.c`, `drivers/motor.c`.
//
// The variables of pensim's own runtime are found by their names where the firmware has none of that name.
//
// A record with a single member may be named for it: ticks for std::atomic<int>, samples[2] for std::array.
//
// A variable is an integer of up to 64 bits, a bool, an enumeration, a float or double, or a pointer (an unsigned
// number). What the compiler optimised away, thread-local variables, long double and automatic variables cannot be
// watched; the message says which.
// Read: DWARF 2 to 5 of gcc and clang, with or without link-time optimisation, split over files or not.
// Not read: split DWARF (.dwo), variables at a computed place (location lists), C99 variable-length arrays.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "firmware_shim/target.h"

namespace pensim {

// A name that is no variable: unknown, ambiguous, not a number, optimised away, or no debug information. what() is one
// sentence without the file's name; candidates are names that would do (the nearest, or those that an ambiguous name
// stands for).
class SymbolError : public std::runtime_error {
 public:
  SymbolError(const std::string& message, std::vector<std::string> candidates)
      : std::runtime_error(message), candidates_(std::move(candidates)) {}
  const std::vector<std::string>& candidates() const { return candidates_; }

 private:
  std::vector<std::string> candidates_;
};

// A line of `pensim symbols`.
struct SymbolLine {
  std::string name;              // as find() takes it, with the file where needed
  std::string type;              // as in the source: "float", "enum State", "uint16_t : 3", "struct Gain[4]"
  std::uint64_t address = 0;     // as linked
  std::uint64_t size_bytes = 0;  // of the whole variable; of the storage unit for a bit-field
};

class SymbolTable;

class CoreSymbols {
 public:
  // Throws std::runtime_error when the file cannot be read or is no ELF file. A file without debug information is no
  // error: find() says so, list() is empty, and a run does not need it.
  explicit CoreSymbols(const std::string& path);
  ~CoreSymbols();
  CoreSymbols(CoreSymbols&&) noexcept;
  CoreSymbols& operator=(CoreSymbols&&) noexcept;

  bool has_variables() const;  // false: stripped, or compiled without -g or with -g1

  // The address is as linked: a target adds its load bias. Throws SymbolError.
  CoreVariable find(const std::string& name) const;

  // Variables that hold a number, members and elements included, whose name contains the pattern (letter case does not
  // count; a `*` stands for anything), in order of names. An array of more than 16 elements is one line unless the
  // pattern has a `[`. `all`: those of pensim's own runtime, too.
  std::vector<SymbolLine> list(const std::string& pattern = "", bool all = false) const;

 private:
  std::unique_ptr<SymbolTable> table_;
};

// Where a variable that has hops lies at this moment; `address` is where its first pointer is. Nothing where a
// pointer is
// null or points to what `read` refuses; `pointer` is its value then.
struct Followed {
  std::optional<std::uint64_t> address;
  std::uint64_t pointer = 0;
};
using ReadMemory = std::function<bool(std::uint64_t address, void* to, std::size_t bytes)>;
Followed follow(const CoreVariable&, std::uint64_t address, const ReadMemory& read);

// The number in memory laid out as on the core (little-endian). `memory` points at the variable's first byte,
// size_bytes long.
double read_variable(const CoreVariable&, const void* memory);

// False, and nothing is written, when the value does not fit (or is NaN for an integer). Rounds to the nearest integer.
bool write_variable(const CoreVariable&, void* memory, double value);

// "RUN" for an enumeration's number, "" for a number without a name or another kind of variable.
std::string enumerator_name(const CoreVariable&, double value);

// A variable made ready for reading every tick: 1 to 2 ns each. Reads 8 bytes around the variable, never beyond its
// page.
struct Watch {
  using Word __attribute__((aligned(1), may_alias)) = std::uint64_t;
  const void* at = nullptr;  // in the address space of the reader; stays readable while the watch is in use
  enum class Read : std::uint8_t { unsigned_bits, signed_bits, whole_u64, f32, f64 } read = Read::unsigned_bits;
  std::uint8_t shift_left = 0, shift_right = 0;  // the variable's highest bit to the top, then its lowest bit to the
                                                 // bottom
};

// `at`: where the variable's first byte is. For a core in this process: its load bias plus the variable's address.
Watch make_watch(const CoreVariable&, const void* at);

// A watch of such a variable: `value` is what a plain watch looks at, NaN where it does not lie anywhere.
struct FollowedWatch {
  CoreVariable variable;
  double value = 0.0;
  std::uint64_t wild = 0;  // the first pointer, other than null, that led nowhere
  bool told = false;
};
Watch make_watch(const FollowedWatch&);  // of `value`
void refresh(FollowedWatch&, std::uint64_t address, const ReadMemory& read);
std::string finding_of(FollowedWatch&);  // once; "" if there is none

__attribute__((no_sanitize("address"))) inline double read_watch(const Watch& w) {
  std::uint64_t raw = *static_cast<const Watch::Word*>(w.at);
  raw <<= w.shift_left;
  if (w.read <= Watch::Read::signed_bits) {
    const auto with_sign = static_cast<std::int64_t>(raw) >> w.shift_right;
    const auto without = static_cast<std::int64_t>(raw >> w.shift_right);
    return static_cast<double>(w.read == Watch::Read::signed_bits ? with_sign : without);
  }
  raw >>= w.shift_right;
  if (w.read == Watch::Read::f32) return std::bit_cast<float>(static_cast<std::uint32_t>(raw));
  if (w.read == Watch::Read::f64) return std::bit_cast<double>(raw);
  return static_cast<double>(raw);
}

}  // namespace pensim
