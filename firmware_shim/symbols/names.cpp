// From a name to a variable: qualified names, members, elements; and what to say where there is none.
#include <algorithm>
#include <cctype>
#include <map>

#include "firmware_shim/symbols/symbol_table.h"

namespace pensim {

using namespace dwarf;

namespace {

using Names = std::vector<std::string>;

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const bool same =
          std::tolower(static_cast<unsigned char>(a[i - 1])) == std::tolower(static_cast<unsigned char>(b[j - 1]));
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Up to three, best first, whose distance is at most a third of the name's length (at least 1).
Names nearest(const std::string& name, const Names& known) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& k : known) {
    const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
    const std::size_t difference = k.size() > name.size() ? k.size() - name.size() : name.size() - k.size();
    if (difference > limit) continue;
    const std::size_t distance = edit_distance(name, k);
    if (distance <= limit) ranked.emplace_back(distance, k);
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  Names names;
  for (std::size_t i = 0; i < ranked.size() && i < 3; ++i) names.push_back(ranked[i].second);
  return names;
}

std::string joined(const Names& names, std::size_t limit = 12) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < limit; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > limit) text += ", ...";
  return text;
}

bool ends_with_part(const std::string& whole, const std::string& end, const std::string& separator) {
  if (whole == end) return true;
  return whole.size() > end.size() + separator.size() &&
         whole.compare(whole.size() - end.size(), end.size(), end) == 0 &&
         whole.compare(whole.size() - end.size() - separator.size(), separator.size(), separator) == 0;
}

// `*` stands for anything; the pattern may begin and end anywhere in the text. Both in lower case.
bool contains(const std::string& text, const std::string& pattern) {
  std::size_t at = 0;
  for (std::size_t begin = 0; begin <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('*', begin), pattern.size());
    at = text.find(pattern.substr(begin, end - begin), at);
    if (at == std::string::npos) return false;
    at += end - begin;
    begin = end + 1;
  }
  return true;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string last_parts(const std::string& path, int count) {
  std::size_t at = path.size();
  while (count-- > 0 && at != std::string::npos && at > 0) at = path.rfind('/', at - 1);
  return at == std::string::npos ? path : path.substr(at + 1);
}

[[noreturn]] void refuse(const std::string& message, Names candidates = {}) {
  throw SymbolError(message, std::move(candidates));
}

}  // namespace

// With its file where another variable has the same name; with as many directories as it takes. The runtime's variables
// take no name from the firmware's.
std::string SymbolTable::shown(const Variable& v) const {
  std::vector<std::size_t> same = by_name_.at(v.qualified);
  if (!v.of_runtime) std::erase_if(same, [&](std::size_t i) { return variables_[i].of_runtime; });
  if (same.size() == 1) return v.qualified;
  for (int parts = 1; parts < 12; ++parts) {
    const std::string file = last_parts(v.file, parts);
    const auto alike = std::count_if(same.begin(), same.end(),
                                     [&](std::size_t i) { return last_parts(variables_[i].file, parts) == file; });
    if (alike == 1) return file + ":" + v.qualified;
  }
  return last_parts(v.file, 1) + ":" + v.qualified;
}

const Variable& SymbolTable::choose(const std::string& file, const std::string& base) const {
  std::vector<std::size_t> found;
  const auto in_file = [&](const Variable& v) {
    return file.empty() || ends_with_part(v.file, file, "/") || ends_with_part(v.declared_in, file, "/");
  };
  // The firmware's own come first, so that a name of the runtime (uart, core) never stands in their way.
  for (const bool of_runtime : {false, true}) {
    const auto take = [&](std::size_t i) {
      if (variables_[i].of_runtime == of_runtime && in_file(variables_[i])) found.push_back(i);
    };
    if (!found.empty()) break;
    if (const auto exact = by_name_.find(base); exact != by_name_.end())
      for (std::size_t i : exact->second) take(i);
    if (!found.empty()) break;
    for (std::size_t i = 0; i < variables_.size(); ++i)
      if (ends_with_part(variables_[i].qualified, base, "::")) take(i);
  }

  const auto in_memory = [&](std::size_t i) { return variables_[i].place == Place::memory; };
  if (std::any_of(found.begin(), found.end(), in_memory))
    found.erase(std::remove_if(found.begin(), found.end(), [&](std::size_t i) { return !in_memory(i); }), found.end());
  const std::string asked = file.empty() ? base : file + ":" + base;
  if (found.empty()) {
    Names known, tails;  // a static inside a function may be asked for by its own name
    std::map<std::string, std::string> whole;
    for (const Variable& v : variables_) {
      if (v.place != Place::memory || v.of_runtime || !in_file(v)) continue;
      known.push_back(shown(v));
      tails.push_back(v.qualified.substr(v.qualified.rfind(':') + 1));
      whole[tails.back()] = known.back();
    }
    if (known.empty() && !file.empty()) refuse("no file `" + file + "` with variables in the debug information");
    Names near = nearest(base, known);
    if (near.empty())
      for (const std::string& tail : nearest(base, tails)) near.push_back(whole[tail]);
    refuse("no variable is called `" + asked + "`" + (near.empty() ? "" : "; nearest: " + joined(near)), near);
  }
  if (found.size() > 1) {
    Names candidates;
    for (std::size_t i : found) candidates.push_back(shown(variables_[i]));
    std::sort(candidates.begin(), candidates.end());
    refuse("`" + asked + "` is ambiguous: " + joined(candidates), candidates);
  }
  return variables_[found[0]];
}

Part SymbolTable::start(const Variable& v, const std::string& name) const {
  if (v.place == Place::thread_local_storage)
    refuse("`" + name + "` is thread-local: such variables cannot be watched");
  if (v.place == Place::gone)
    refuse("`" + name + "` has no place in memory: the compiler or linker has optimised it away (volatile keeps it)");
  if (v.place == Place::split || v.place == Place::automatic)
    refuse("`" + name +
           "` has no fixed place in memory: the compiler has split or moved it (volatile keeps it in one piece)");
  Part part;
  part.name = name;
  Dwarf_Die die = v.die;
  part.type = type_of(&die);
  part.address = v.address;
  return part;
}

std::vector<Part> SymbolTable::members(const Part& record) const {
  std::vector<Part> all;
  std::optional<Dwarf_Die> type = bare(record.type);
  if (!type) return all;
  each_child(&*type, [&](Dwarf_Die* die) {
    const int tag = dwarf_tag(die);
    if (tag != DW_TAG_member && tag != DW_TAG_inheritance) return;
    if (has_flag(die, DW_AT_external) || has_flag(die, DW_AT_declaration)) return;  // static: a variable of its own
    Part m;
    m.name = tag == DW_TAG_inheritance ? "" : name_of(die);
    m.type = type_of(die);
    std::uint64_t offset = 0;
    Dwarf_Attribute attribute;
    if (dwarf_attr(die, DW_AT_data_member_location, &attribute)) {
      Dwarf_Word value = 0;
      Dwarf_Op* ops = nullptr;
      std::size_t count = 0;
      if (dwarf_formudata(&attribute, &value) == 0)
        offset = value;
      else if (dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 && ops[0].atom == DW_OP_plus_uconst)
        offset = ops[0].number;
      else
        return;  // a virtual base: its place depends on the object
    }
    m.hops = record.hops;
    m.address = record.address + offset;
    if (const auto bits = number(die, DW_AT_bit_size)) {
      m.bit_size = *bits;
      if (const auto from_start = number(die, DW_AT_data_bit_offset)) {
        m.bit_position = static_cast<std::int64_t>(*from_start);
        // DWARF 2 and 3: from the highest bit of the storage unit
      } else if (const auto from_top = signed_number(die, DW_AT_bit_offset)) {
        const auto storage = number(die, DW_AT_byte_size).value_or(size_of(m.type, address_bytes_));
        m.bit_position = static_cast<std::int64_t>(storage * 8) - *from_top - static_cast<std::int64_t>(*bits);
      } else {
        m.bit_position = 0;
      }
    }
    all.push_back(std::move(m));
  });
  return all;
}

std::optional<Part> SymbolTable::search(const Part& record, const std::string& name) const {
  std::vector<Part> all = members(record);
  for (Part& m : all)
    if (m.name == name && !name.empty()) return m;
  for (const Part& m : all)  // anonymous structs and unions, base classes
    if (m.name.empty() && !m.bit_size)
      if (auto found = search(m, name)) return found;
  return {};
}

Part SymbolTable::member(const Part& record, const std::string& name) const {
  const std::optional<Dwarf_Die> type = bare(record.type);
  Dwarf_Die die;
  if (type) die = *type;
  const int tag = type ? dwarf_tag(&die) : 0;
  if (tag == DW_TAG_array_type) {
    refuse("`" + record.name + "` is an array (" + type_text(record.type) + "): name an element, as in " + record.name +
               "[0]." + name,
           {record.name + "[0]." + name});
  }
  if (tag == DW_TAG_pointer_type)
    refuse("`" + record.name + "` is a pointer: write " + record.name + "->" + name, {record.name + "->" + name});
  if (!is_record(tag)) refuse("`" + record.name + "` is of type " + type_text(record.type) + " and has no members");
  if (auto found = search(record, name)) {
    found->name = record.name + (record.name.ends_with("->") ? "" : ".") + name;
    return *found;
  }
  Names known;
  for (const Part& m : members(record)) {
    if (!m.name.empty())
      known.push_back(m.name);
    else
      for (const Part& inner : members(m)) known.push_back(inner.name);
  }
  if (known.empty())
    refuse("the debug information does not describe " + type_text(record.type) + ", the type of `" + record.name + "`");
  Names near = nearest(name, known);
  for (std::string& n : near) n = record.name + "." + n;
  refuse("`" + record.name + "` has no member `" + name + "`, but " + joined(known), near);
}

// What a pointer or reference points to; `named` is what it is called there.
Part SymbolTable::pointee(const Part& pointer, const std::string& named) const {
  std::optional<Dwarf_Die> type = bare(pointer.type);
  const int tag = type ? dwarf_tag(&*type) : 0;
  if (tag != DW_TAG_pointer_type && tag != DW_TAG_reference_type && tag != DW_TAG_rvalue_reference_type)
    refuse("`" + pointer.name + "` is of type " + type_text(pointer.type) + " and no pointer");
  Part target;
  target.name = named;
  target.type = type_of(&*type);
  if (!target.type) refuse("`" + pointer.name + "` points to void: what lies there has no type");
  target.hops = pointer.hops;
  target.hops.push_back(pointer.address);
  return target;
}

// A record with one member stands for it: std::atomic, std::array, a duration.
Part SymbolTable::unwrapped(Part part) const {
  for (std::optional<Dwarf_Die> type = bare(part.type); type && is_record(dwarf_tag(&*type)); type = bare(part.type)) {
    std::vector<Part> all = members(part);
    if (all.size() != 1) break;
    all[0].name = part.name;
    part = std::move(all[0]);
  }
  return part;
}

Part SymbolTable::element(const Part& whole, std::uint64_t index) const {
  const Part array = unwrapped(whole);
  std::optional<Dwarf_Die> type = bare(array.type);
  if (type && dwarf_tag(&*type) == DW_TAG_pointer_type) {
    Part part = pointee(array, array.name + "[" + std::to_string(index) + "]");
    part.address = index * size_of(part.type, address_bytes_);
    return part;
  }
  if (!type || dwarf_tag(&*type) != DW_TAG_array_type)
    refuse("`" + array.name + "` is of type " + type_text(array.type) + " and no array");
  const std::vector<std::uint64_t> counts = dimensions(&*type);
  const std::uint64_t count = counts[array.dimension];
  if (index >= count) {
    if (count == 0) refuse("`" + array.name + "` has no elements of known number");
    refuse("`" + array.name + "` has " + std::to_string(count) + " elements, 0 to " + std::to_string(count - 1),
           {array.name + "[" + std::to_string(count - 1) + "]"});
  }
  const std::optional<Dwarf_Die> of = type_of(&*type);
  std::uint64_t stride = size_of(of, address_bytes_);
  for (std::size_t d = array.dimension + 1; d < counts.size(); ++d) stride *= counts[d];
  Part part;
  part.name = array.name + "[" + std::to_string(index) + "]";
  part.hops = array.hops;
  part.address = array.address + index * stride;
  if (array.dimension + 1 < counts.size()) {
    part.type = array.type;
    part.dimension = array.dimension + 1;
  } else {
    part.type = of;
  }
  return part;
}

CoreVariable SymbolTable::number_at(const Part& whole) const {
  const Part part = unwrapped(whole);
  CoreVariable v;
  v.name = part.name;
  std::uint64_t last = part.address;  // from where the last pointer points to, or the address
  const auto place = [&] {
    v.hops = part.hops;
    v.hops.push_back(last);
    v.address = v.hops.front();
    v.hops.erase(v.hops.begin());
    if (!v.hops.empty()) v.pointer_bytes = static_cast<std::uint8_t>(address_bytes_);
    return v;
  };
  std::optional<Dwarf_Die> type = bare(part.type);
  if (!type) refuse("`" + part.name + "` has no type");
  Dwarf_Die* die = &*type;
  std::uint64_t bytes = size_of(type, address_bytes_);
  switch (dwarf_tag(die)) {
    case DW_TAG_base_type:
      switch (number(die, DW_AT_encoding).value_or(0)) {
        case DW_ATE_boolean:
          v.kind = CoreVariable::Kind::boolean;
          break;
        case DW_ATE_signed:
        case DW_ATE_signed_char:
          v.kind = CoreVariable::Kind::signed_integer;
          break;
        case DW_ATE_unsigned:
        case DW_ATE_unsigned_char:
        case DW_ATE_UTF:
        case DW_ATE_address:
          v.kind = CoreVariable::Kind::unsigned_integer;
          break;
        case DW_ATE_float:
          v.kind = CoreVariable::Kind::floating;
          if (bytes != 4 && bytes != 8)
            refuse("`" + part.name + "` is of type " + type_text(part.type) + ": float and double can be watched");
          break;
        default:
          refuse("`" + part.name + "` is of type " + type_text(part.type) + ", which is no plain number");
      }
      break;
    case DW_TAG_enumeration_type:
      v.kind = CoreVariable::Kind::enumeration;
      each_child(die, [&](Dwarf_Die* child) {
        if (dwarf_tag(child) == DW_TAG_enumerator)
          v.enumerators.emplace_back(signed_number(child, DW_AT_const_value).value_or(0), name_of(child));
      });
      break;
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
      v.kind = CoreVariable::Kind::unsigned_integer;
      break;
    case DW_TAG_array_type:
      refuse(
          "`" + part.name + "` is an array (" + type_text(part.type) + "): name an element, as in " + part.name + "[0]",
          {part.name + "[0]"});
    default:
      if (is_record(dwarf_tag(die))) {
        Names known;
        for (const Part& m : members(part))
          if (!m.name.empty()) known.push_back(part.name + "." + m.name);
        refuse("`" + part.name + "` is of type " + type_text(part.type) + ": name a member, as in " + joined(known, 4),
               known);
      }
      refuse("`" + part.name + "` is of type " + type_text(part.type) + ", which is no plain number");
  }
  if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
    refuse("`" + part.name + "` is of type " + type_text(part.type) + " with " + std::to_string(bytes) +
           " bytes: up to 8 can be watched");
  if (big_endian_) refuse("the core is big-endian: not supported");
  v.size_bytes = static_cast<std::uint8_t>(bytes);
  if (!part.bit_position) return place();

  // A bit-field: the aligned storage unit of its type where it lies in one, else the smallest unit from its first byte
  // on.
  const std::int64_t width = static_cast<std::int64_t>(bytes) * 8;
  std::int64_t bit = *part.bit_position, start = bit / width * width;
  if (bit < 0) start = (bit - width + 1) / width * width;
  if (bit + static_cast<std::int64_t>(part.bit_size) > start + width) {
    start = bit >= 0 ? bit / 8 * 8 : (bit - 7) / 8 * 8;
    const std::int64_t span = bit + static_cast<std::int64_t>(part.bit_size) - start;
    bytes = span <= 8 ? 1 : span <= 16 ? 2 : span <= 32 ? 4 : 8;
    if (span > 64) refuse("`" + part.name + "` is a bit-field that spans nine bytes: not supported");
  }
  last += static_cast<std::uint64_t>(start / 8);
  v.size_bytes = static_cast<std::uint8_t>(bytes);
  v.bit_offset = static_cast<std::uint8_t>(bit - start);
  v.bit_size = static_cast<std::uint8_t>(part.bit_size);
  return place();
}

CoreVariable SymbolTable::find(const std::string& name) const {
  if (!has_units_)
    refuse("the core has no debug information (it is stripped, or compiled without -g): its variables have no names");
  if (variables_.empty()) refuse("the core's debug information describes no variables (compiled with -g1?): -g does");

  // The base goes up to the first `.` or `[` behind the file; a file has a `.` too, so it is looked for first: a single
  // `:`.
  const std::size_t stars = std::min(name.find_first_not_of('*'), name.size());
  std::string file, rest = name.substr(stars);
  const auto single_colon = [](const std::string& text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
      if (text[i] == '[') break;
      if (text[i] != ':') continue;
      if (i + 1 < text.size() && text[i + 1] == ':')
        ++i;
      else
        return i;
    }
    return std::string::npos;
  };
  const std::size_t colon = single_colon(rest, 0);
  if (colon != std::string::npos) {
    const std::string before = rest.substr(0, colon);
    const bool is_file = before.find('.') != std::string::npos || before.find('/') != std::string::npos;
    if (is_file) {
      file = before;
      rest = rest.substr(colon + 1);
    }
  }
  // function:static
  for (std::size_t c = single_colon(rest, 0); c != std::string::npos; c = single_colon(rest, c + 2))
    rest.insert(c, ":");
  std::size_t end = 0, angle = 0;
  const auto is_arrow = [&](std::size_t i) { return rest.compare(i, 2, "->") == 0; };
  while (end < rest.size() && (angle || (rest[end] != '.' && rest[end] != '[' && !is_arrow(end)))) {
    if (rest[end] == '<') ++angle;
    if (rest[end] == '>' && angle) --angle;
    ++end;
  }
  const std::string base = rest.substr(0, end);
  const auto malformed = [&] {
    refuse("`" + name +
           "` is no name of a variable: expected something like speed_loop.integral, table[3].gain or file.c:state");
  };
  if (base.empty()) malformed();

  const Variable& variable = choose(file, base);
  Part part = start(variable, name.substr(stars, name.size() - stars - (rest.size() - end)));
  const auto is_reference = [&] {
    const std::optional<Dwarf_Die> type = bare(part.type);
    Dwarf_Die die;
    if (type) die = *type;
    const int tag = type ? dwarf_tag(&die) : 0;
    return tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type;
  };
  while (end < rest.size()) {
    const bool arrow = is_arrow(end);
    if (arrow || rest[end] == '.') {
      end += arrow ? 2 : 1;
      std::size_t stop = std::min(rest.find_first_of(".[", end), rest.find("->", end));
      if (stop == std::string::npos) stop = rest.size();
      const std::string member_name = rest.substr(end, stop - end);
      if (member_name.empty()) malformed();
      if (arrow)
        part = pointee(part, part.name + "->");
      else if (is_reference())
        part = pointee(part, part.name);
      part = member(part, member_name);
      end = stop;
    } else if (rest[end] == '[') {
      const std::size_t stop = rest.find(']', end);
      if (stop == std::string::npos) malformed();
      const std::string digits = rest.substr(end + 1, stop - end - 1);
      if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos)
        malformed();
      part = element(part, std::stoull(digits));
      end = stop + 1;
    } else {
      malformed();
    }
  }
  for (std::size_t i = 0; i < stars; ++i) part = pointee(part, "*" + part.name);
  part.name = name;
  return number_at(part);
}

void SymbolTable::expand(const Part& part, const std::string& pattern, bool all_elements, int depth,
                         std::vector<SymbolLine>& lines) const {
  constexpr std::size_t most_lines = 200'000;
  if (depth > 16 || lines.size() >= most_lines) return;
  std::optional<Dwarf_Die> type = bare(part.type);
  if (!type) return;
  const int tag = dwarf_tag(&*type);
  const auto add = [&](std::uint64_t address, std::uint64_t bytes, const std::string& text) {
    if (contains(lower(part.name), pattern)) lines.push_back({part.name, text, address, bytes});
  };
  if (is_record(tag)) {
    for (Part& m : members(part)) {
      m.name = m.name.empty() ? part.name : part.name + "." + m.name;
      if (m.name == part.name && m.bit_size) continue;  // padding
      expand(m, pattern, all_elements, depth + 1, lines);
    }
  } else if (tag == DW_TAG_array_type) {
    const std::vector<std::uint64_t> counts = dimensions(&*type);
    const std::uint64_t count = counts.empty() ? 0 : counts[part.dimension];
    if (count > 16 && !all_elements) {
      add(part.address,
          part.dimension ? count * element(part, 1).address - count * part.address : size_of(type, address_bytes_),
          type_text(part.type));
      return;
    }
    for (std::uint64_t i = 0; i < count && lines.size() < most_lines; ++i)
      expand(element(part, i), pattern, all_elements, depth + 1, lines);
  } else {
    try {
      const CoreVariable v = number_at(part);
      add(v.address, v.size_bytes, type_text(part.type) + (v.bit_size ? " : " + std::to_string(v.bit_size) : ""));
    } catch (const SymbolError&) {
      // long double, pointers to members: no numbers to watch
    }
  }
}

std::vector<SymbolLine> SymbolTable::list(const std::string& pattern, bool all) const {
  std::vector<SymbolLine> lines;
  const std::string wanted = lower(pattern);
  for (const Variable& v : variables_) {
    if (v.place != Place::memory || (v.of_runtime && !all)) continue;
    expand(start(v, shown(v)), wanted, pattern.find('[') != std::string::npos, 0, lines);
  }
  return lines;
}

CoreSymbols::CoreSymbols(const std::string& path) : table_(std::make_unique<SymbolTable>(path)) {}
CoreSymbols::~CoreSymbols() = default;
CoreSymbols::CoreSymbols(CoreSymbols&&) noexcept = default;
CoreSymbols& CoreSymbols::operator=(CoreSymbols&&) noexcept = default;
bool CoreSymbols::has_variables() const { return table_->has_variables(); }
CoreVariable CoreSymbols::find(const std::string& name) const { return table_->find(name); }
std::vector<SymbolLine> CoreSymbols::list(const std::string& pattern, bool all) const {
  return table_->list(pattern, all);
}

}  // namespace pensim
