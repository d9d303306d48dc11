// What the debug information says: attributes, types, variables and their places.
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <tuple>

#include "firmware_shim/symbols/symbol_table.h"

namespace pensim {
namespace dwarf {

std::optional<Dwarf_Die> reference(Dwarf_Die* die, unsigned code) {
  Dwarf_Attribute attribute;
  Dwarf_Die result;
  if (!dwarf_attr(die, code, &attribute) || !dwarf_formref_die(&attribute, &result)) return {};
  return result;
}

std::optional<std::uint64_t> number(Dwarf_Die* die, unsigned code) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (!dwarf_attr_integrate(die, code, &attribute) || dwarf_formudata(&attribute, &value) != 0) return {};
  return value;
}

std::optional<std::int64_t> signed_number(Dwarf_Die* die, unsigned code) {
  Dwarf_Attribute attribute;
  if (!dwarf_attr_integrate(die, code, &attribute)) return {};
  const unsigned form = dwarf_whatform(&attribute);
  if (form == DW_FORM_sdata || form == DW_FORM_implicit_const) {
    Dwarf_Sword value = 0;
    if (dwarf_formsdata(&attribute, &value) == 0) return value;
    return {};
  }
  Dwarf_Word value = 0;
  if (dwarf_formudata(&attribute, &value) == 0) return static_cast<std::int64_t>(value);
  return {};
}

std::string name_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  const char* text = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
  return text ? text : "";
}

bool has_flag(Dwarf_Die* die, unsigned code) {
  Dwarf_Attribute attribute;
  bool flag = false;
  return dwarf_attr(die, code, &attribute) && dwarf_formflag(&attribute, &flag) == 0 && flag;
}

// ---- types ----

std::optional<Dwarf_Die> type_of(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  Dwarf_Die result;
  if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) || !dwarf_formref_die(&attribute, &result)) return {};
  return result;
}

std::optional<Dwarf_Die> bare(std::optional<Dwarf_Die> type) {
  while (type) {
    switch (dwarf_tag(&*type)) {
      case DW_TAG_typedef:
      case DW_TAG_const_type:
      case DW_TAG_volatile_type:
      case DW_TAG_restrict_type:
      case DW_TAG_atomic_type:
      case DW_TAG_packed_type:
        type = type_of(&*type);
        break;
      default:
        if (auto described = reference(&*type, DW_AT_signature)) return described;  // in a type unit
        return type;
    }
  }
  return type;
}

bool is_record(int tag) { return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type; }

std::vector<std::uint64_t> dimensions(Dwarf_Die* array) {
  std::vector<std::uint64_t> counts;
  each_child(array, [&](Dwarf_Die* child) {
    if (dwarf_tag(child) != DW_TAG_subrange_type && dwarf_tag(child) != DW_TAG_enumeration_type) return;
    const auto lower = number(child, DW_AT_lower_bound).value_or(0);
    if (const auto count = number(child, DW_AT_count))
      counts.push_back(*count);
    else if (const auto upper = number(child, DW_AT_upper_bound))
      counts.push_back(*upper + 1 - lower);  // [0] is -1 + 1
    else
      counts.push_back(0);
  });
  return counts;
}

std::uint64_t size_of(std::optional<Dwarf_Die> type, std::uint64_t address_bytes) {
  type = bare(type);
  if (!type) return 0;
  if (const auto bytes = number(&*type, DW_AT_byte_size)) return *bytes;
  const int tag = dwarf_tag(&*type);
  if (tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
    return address_bytes;
  if (tag == DW_TAG_array_type) {
    std::uint64_t bytes = size_of(type_of(&*type), address_bytes);
    for (std::uint64_t count : dimensions(&*type)) bytes *= count;
    return bytes;
  }
  if (tag == DW_TAG_enumeration_type) return size_of(type_of(&*type), address_bytes);
  return 0;
}

std::string type_text(std::optional<Dwarf_Die> type) {
  if (!type) return "void";
  Dwarf_Die* die = &*type;
  auto described = reference(die, DW_AT_signature);  // in a type unit
  const std::string name = name_of(described ? &*described : die);
  switch (dwarf_tag(die)) {
    case DW_TAG_const_type:
      return "const " + type_text(type_of(die));
    case DW_TAG_volatile_type:
      return "volatile " + type_text(type_of(die));
    case DW_TAG_atomic_type:
      return "_Atomic " + type_text(type_of(die));
    case DW_TAG_restrict_type:
      return type_text(type_of(die));
    case DW_TAG_pointer_type:
      return type_text(type_of(die)) + " *";
    case DW_TAG_reference_type:
      return type_text(type_of(die)) + " &";
    case DW_TAG_rvalue_reference_type:
      return type_text(type_of(die)) + " &&";
    case DW_TAG_subroutine_type:
      return type_text(type_of(die)) + " ()";
    case DW_TAG_structure_type:
      return name.empty() ? "struct" : "struct " + name;
    case DW_TAG_class_type:
      return name.empty() ? "class" : "class " + name;
    case DW_TAG_union_type:
      return name.empty() ? "union" : "union " + name;
    case DW_TAG_enumeration_type:
      return name.empty() ? "enum" : "enum " + name;
    case DW_TAG_array_type: {
      std::string text = type_text(type_of(die));
      for (std::uint64_t count : dimensions(die)) text += "[" + (count ? std::to_string(count) : "") + "]";
      return text;
    }
    default:
      return name.empty() ? "?" : name;
  }
}

}  // namespace dwarf

using namespace dwarf;

SymbolTable::SymbolTable(const std::string& path) : path_(path) {
  elf_version(EV_CURRENT);
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  elf_ = elf_begin(fd_, ELF_C_READ_MMAP, nullptr);
  GElf_Ehdr header;
  if (!elf_ || elf_kind(elf_) != ELF_K_ELF || !gelf_getehdr(elf_, &header)) {
    if (elf_) elf_end(elf_);
    ::close(fd_);
    throw std::runtime_error(path + ": no ELF file");
  }
  big_endian_ = header.e_ident[EI_DATA] == ELFDATA2MSB;
  address_bytes_ = header.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
  dwarf_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
  if (dwarf_) load();
}

SymbolTable::~SymbolTable() {
  if (dwarf_) dwarf_end(dwarf_);
  elf_end(elf_);
  ::close(fd_);
}

void SymbolTable::load() {
  struct Unit {
    Dwarf_Die die;
    std::string file;
  };
  std::vector<Unit> units;
  Dwarf_CU* cu = nullptr;
  Dwarf_Die die;
  std::uint8_t unit_type = 0;
  while (dwarf_get_units(dwarf_, cu, &cu, nullptr, &unit_type, &die, nullptr) == 0) {
    has_units_ = true;
    if (unit_type == DW_UT_type || unit_type == DW_UT_split_type) continue;
    const std::string file = name_of(&die);
    units.push_back({die, file == "<artificial>" ? "" : file});
  }
  for (Unit& unit : units) record_contexts(&unit.die, "");
  for (Unit& unit : units) take_variables(&unit.die, "", unit.file, false);

  // A variable of several translation units (inline, a template's static) is one if it lies in one place.
  std::stable_sort(variables_.begin(), variables_.end(), [](const Variable& a, const Variable& b) {
    return std::pair(a.qualified, a.place == Place::memory ? 0 : 1) <
           std::pair(b.qualified, b.place == Place::memory ? 0 : 1);
  });
  std::vector<Variable> kept;
  for (Variable& v : variables_) {
    bool known = false;
    for (auto k = kept.rbegin(); k != kept.rend() && k->qualified == v.qualified && !known; ++k)
      known = (k->place == Place::memory && v.place == Place::memory)
                  ? k->address == v.address
                  : v.place != Place::memory && (k->file == v.file || k->place == Place::memory);
    if (!known) kept.push_back(std::move(v));
  }
  variables_ = std::move(kept);
  for (std::size_t i = 0; i < variables_.size(); ++i) by_name_[variables_[i].qualified].push_back(i);
}

// .../firmware_shim/runtime/pen_waiting.c
static bool is_of_runtime(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash != std::string::npos && file.substr(0, slash).ends_with("firmware_shim/runtime");
}

std::string inside(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : name.empty() ? scope : scope + "::" + name;
}

void SymbolTable::record_contexts(Dwarf_Die* parent, const std::string& scope) {
  each_child(parent, [&](Dwarf_Die* die) {
    switch (dwarf_tag(die)) {
      case DW_TAG_namespace:
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
      case DW_TAG_union_type:
      case DW_TAG_subprogram: {
        std::string name = name_of(die);
        // A member function defined outside of its class takes its scope from the declaration.
        if (auto declared = reference(die, DW_AT_specification)) {
          const auto known = context_.find(dwarf_dieoffset(&*declared));
          if (known != context_.end()) {
            const std::string full = known->second;  // the map may grow below
            context_[dwarf_dieoffset(die)] = full;
            record_contexts(die, full);
            return;
          }
        }
        const std::string here = inside(scope, name);
        if (dwarf_tag(die) == DW_TAG_subprogram) context_[dwarf_dieoffset(die)] = here;
        record_contexts(die, here);
        break;
      }
      case DW_TAG_lexical_block:
        record_contexts(die, scope);
        break;
      case DW_TAG_variable:
      case DW_TAG_member: {
        std::string full = inside(scope, name_of(die));
        if (auto declared = reference(die, DW_AT_specification)) {
          const auto known = context_.find(dwarf_dieoffset(&*declared));
          if (known != context_.end()) full = known->second;
        }
        context_[dwarf_dieoffset(die)] = full;
        break;
      }
      default:
        break;
    }
  });
}

void SymbolTable::take_variables(Dwarf_Die* parent, const std::string& scope, const std::string& unit_file,
                                 bool in_function) {
  each_child(parent, [&](Dwarf_Die* die) {
    switch (dwarf_tag(die)) {
      case DW_TAG_namespace:
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
        take_variables(die, inside(scope, name_of(die)), unit_file, in_function);
        break;
      case DW_TAG_subprogram: {
        std::string here = inside(scope, name_of(die));
        for (unsigned code : {DW_AT_abstract_origin, DW_AT_specification})
          if (auto other = reference(die, code)) {
            const auto known = context_.find(dwarf_dieoffset(&*other));
            if (known != context_.end() && !known->second.empty()) here = known->second;
          }
        take_variables(die, here, unit_file, true);
        break;
      }
      case DW_TAG_inlined_subroutine: {
        std::string here = scope;
        if (auto other = reference(die, DW_AT_abstract_origin)) {
          const auto known = context_.find(dwarf_dieoffset(&*other));
          if (known != context_.end()) here = known->second;
        }
        take_variables(die, here, unit_file, true);
        break;
      }
      case DW_TAG_lexical_block:
        take_variables(die, scope, unit_file, in_function);
        break;
      case DW_TAG_variable:
        take(die, scope, unit_file, in_function);
        break;
      default:
        break;
    }
  });
}

std::pair<Place, std::uint64_t> SymbolTable::place_of(Dwarf_Die* die) const {
  Dwarf_Attribute attribute;
  if (!dwarf_attr(die, DW_AT_location, &attribute)) return {Place::gone, 0};
  const unsigned form = dwarf_whatform(&attribute);
  if (form != DW_FORM_exprloc && form != DW_FORM_block1 && form != DW_FORM_block2 && form != DW_FORM_block4 &&
      form != DW_FORM_block)
    return {Place::automatic, 0};  // a list: another place at every instruction
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0) return {Place::gone, 0};
  for (std::size_t i = 0; i < count; ++i)
    if (ops[i].atom == DW_OP_form_tls_address || ops[i].atom == DW_OP_GNU_push_tls_address)
      return {Place::thread_local_storage, 0};
  std::uint64_t address = 0;
  if (ops[0].atom == DW_OP_addr) {
    address = ops[0].number;
  } else if (ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index) {
    Dwarf_Attribute indexed;
    Dwarf_Addr value = 0;
    if (dwarf_getlocation_attr(&attribute, &ops[0], &indexed) != 0 || dwarf_formaddr(&indexed, &value) != 0)
      return {Place::split, 0};
    address = value;
  } else {
    return {Place::automatic, 0};  // on a stack, in a register, a value without a place
  }
  for (std::size_t i = 1; i < count; ++i) {
    if (ops[i].atom == DW_OP_plus_uconst) {
      address += ops[i].number;
    } else if (i + 1 < count && ops[i + 1].atom == DW_OP_plus &&
               (ops[i].atom == DW_OP_constu || ops[i].atom == DW_OP_consts)) {
      address += ops[i].number;
      ++i;
    } else {
      return {Place::split, 0};
    }
  }
  return {address == 0 ? Place::gone : Place::memory, address};  // 0: the linker dropped its section
}

void SymbolTable::take(Dwarf_Die* die, const std::string& scope, const std::string& unit_file, bool in_function) {
  if (has_flag(die, DW_AT_declaration)) return;
  Variable v;
  v.die = *die;
  std::tie(v.place, v.address) = place_of(die);
  if (in_function && (v.place == Place::automatic || v.place == Place::gone)) return;
  if (!type_of(die)) return;  // -g1 has places without types
  v.qualified = inside(scope, name_of(die));
  v.file = unit_file;
  for (unsigned code : {DW_AT_abstract_origin, DW_AT_specification})
    if (auto other = reference(die, code)) {
      const auto known = context_.find(dwarf_dieoffset(&*other));
      if (known != context_.end() && !known->second.empty()) v.qualified = known->second;
      Dwarf_Die unit;
      // Link-time optimisation puts all code into a unit of its own; the variable's first description is in the unit it
      // came from.
      if (v.file.empty() && dwarf_diecu(&*other, &unit, nullptr, nullptr)) {
        const std::string file = name_of(&unit);
        if (file != "<artificial>") v.file = file;
      }
    }
  const char* declared = dwarf_decl_file(die);
  v.declared_in = declared ? declared : "";
  if (v.file.empty()) v.file = v.declared_in;
  v.of_runtime = is_of_runtime(v.file);
  if (v.qualified.empty() || name_of(die).empty()) return;
  if (v.qualified.rfind("__", 0) == 0 && v.place != Place::memory) return;  // the compiler's own
  variables_.push_back(std::move(v));
}

}  // namespace pensim
