// symbol_table.h - variables of an ELF file by its DWARF, inside of this folder: what dwarf_reader.cpp reads and
// names.cpp asks for.
#pragma once

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "firmware_shim/symbols/symbols.h"

namespace pensim {
namespace dwarf {

std::optional<std::uint64_t> number(Dwarf_Die* die, unsigned code);
std::optional<std::int64_t> signed_number(Dwarf_Die* die, unsigned code);
std::string name_of(Dwarf_Die* die);
bool has_flag(Dwarf_Die* die, unsigned code);

template <typename Visit>
void each_child(Dwarf_Die* parent, Visit&& visit) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  do visit(&child);
  while (dwarf_siblingof(&child, &child) == 0);
}

std::optional<Dwarf_Die> type_of(Dwarf_Die* die);
// Without typedef, const, volatile and their like; nothing for void.
std::optional<Dwarf_Die> bare(std::optional<Dwarf_Die> type);
bool is_record(int tag);
// Elements of each dimension; 0 for one without a constant size.
std::vector<std::uint64_t> dimensions(Dwarf_Die* array);
std::uint64_t size_of(std::optional<Dwarf_Die> type, std::uint64_t address_bytes);
std::string type_text(std::optional<Dwarf_Die> type);

}  // namespace dwarf

enum class Place { memory, thread_local_storage, gone, split, automatic };

struct Variable {
  std::string qualified;  // "ns::Class::member", "function::count"
  std::string file;       // of its translation unit
  std::string declared_in;
  bool of_runtime = false;  // of what pensim links into every core, not of the firmware or its port
  Place place = Place::gone;
  std::uint64_t address = 0;
  Dwarf_Die die;
};

// What a name stands for on its way through members and elements.
struct Part {
  std::string name;
  std::optional<Dwarf_Die> type;
  std::size_t dimension = 0;  // of an array type: how many of its dimensions are indexed already
  std::vector<std::uint64_t>
      hops;                   // pointers on the way: where the first lies, then each from where the last points to
  std::uint64_t address = 0;  // as linked, or from where the last of the hops points to
  std::optional<std::int64_t> bit_position;  // bit-field: lowest bit, counted from `address`
  std::uint64_t bit_size = 0;
};

class SymbolTable {
 public:
  explicit SymbolTable(const std::string& path);
  ~SymbolTable();
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  bool has_variables() const { return !variables_.empty(); }
  CoreVariable find(const std::string& name) const;
  std::vector<SymbolLine> list(const std::string& pattern, bool all) const;

 private:
  void load();
  void record_contexts(Dwarf_Die* parent, const std::string& scope);
  void take_variables(Dwarf_Die* parent, const std::string& scope, const std::string& unit_file, bool in_function);
  void take(Dwarf_Die* die, const std::string& scope, const std::string& unit_file, bool in_function);
  std::pair<Place, std::uint64_t> place_of(Dwarf_Die* die) const;
  const Variable& choose(const std::string& file, const std::string& base) const;
  std::string shown(const Variable&) const;
  Part start(const Variable&, const std::string& name) const;
  Part member(const Part&, const std::string& name) const;
  Part unwrapped(Part) const;
  Part element(const Part&, std::uint64_t index) const;
  Part pointee(const Part& pointer, const std::string& named) const;
  std::optional<Part> search(const Part& record, const std::string& name) const;
  CoreVariable number_at(const Part&) const;
  void expand(const Part&, const std::string& pattern, bool all_elements, int depth,
              std::vector<SymbolLine>& lines) const;
  std::vector<Part> members(const Part& record) const;

  std::string path_;
  int fd_ = -1;
  Elf* elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;
  bool has_units_ = false, big_endian_ = false;
  std::uint64_t address_bytes_ = 8;
  std::vector<Variable> variables_;
  std::map<std::string, std::vector<std::size_t>> by_name_;
  std::unordered_map<Dwarf_Off, std::string> context_;  // of a declaration: its full name
};

}  // namespace pensim
