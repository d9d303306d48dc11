#include "firmware_shim/emulated/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include "firmware_shim/address_text.h"

namespace pensim {
namespace {

constexpr std::uint64_t most_bytes = 64u << 20;
constexpr std::uint32_t ram_begin = 0x20000000;  // of every Cortex-M

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

// A structure of the file; false where the file ends before.
template <class T>
bool take(const std::vector<std::uint8_t>& file, std::uint64_t offset, T& to) {
  if (offset > file.size() || file.size() - offset < sizeof to) return false;
  std::memcpy(&to, file.data() + offset, sizeof to);
  return true;
}

std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) refuse(path, "cannot be read");
  const std::streamoff bytes = in.tellg();
  if (bytes < 0 || static_cast<std::uint64_t>(bytes) > 4 * most_bytes) refuse(path, "is no file of a sensible size");
  std::vector<std::uint8_t> file(static_cast<std::size_t>(bytes));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(file.data()), bytes);
  if (!in) refuse(path, "cannot be read to its end");
  return file;
}

}  // namespace

ElfImage::ElfImage(const std::string& path) : path_(path), file_(read_file(path)) {
  read_header();
  lay_out();
}

void ElfImage::read_header() {
  Elf32_Ehdr header;
  if (!take(file_, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) refuse(path_, "is no ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS32 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_ARM)
    refuse(path_, "is no ELF file for ARM (32 bit, little-endian): give the .elf that arm-none-eabi-gcc has linked");
  if (header.e_type != ET_EXEC) refuse(path_, "is not linked to its addresses (an object file, or a shared object)");
  if (header.e_phentsize != sizeof(Elf32_Phdr)) refuse(path_, "its table of segments has entries of another size");
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < header.e_phnum; ++i) {
    Elf32_Phdr segment;
    if (!take(file_, header.e_phoff + std::uint64_t{i} * sizeof segment, segment))
      refuse(path_, "its table of segments goes beyond the file");
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
    if (segment.p_filesz > segment.p_memsz) refuse(path_, "a segment holds more bytes than it has memory");
    if (std::uint64_t{segment.p_offset} + segment.p_filesz > file_.size())
      refuse(path_, "the segment at " + hex(segment.p_vaddr) + " goes beyond the file (cut short?)");
    const auto add = [&](std::uint64_t begin, std::uint64_t bytes, bool writable) {
      if (begin + bytes > 0xE0000000u)
        refuse(path_, "the segment at " + hex(begin) + " lies where the processor's own registers are");
      total += bytes;
      if (total > most_bytes) refuse(path_, "its segments need more than 64 MiB");
      parts_.push_back(
          {begin, begin + bytes, writable, (segment.p_flags & PF_X) != 0, segment.p_offset, segment.p_filesz});
    };
    // A segment that is copied out of flash at start-up is read-only there, and writable where it runs.
    const bool copied = segment.p_paddr != segment.p_vaddr && segment.p_filesz != 0;
    // Linkers mark flash as writable when a table of constructors lies in it.
    const bool flash = segment.p_paddr == segment.p_vaddr && segment.p_filesz != 0 && segment.p_vaddr < ram_begin;
    add(segment.p_vaddr, segment.p_memsz, !flash && ((segment.p_flags & PF_W) != 0 || copied));
    if (copied) add(segment.p_paddr, segment.p_filesz, false);
  }
  if (parts_.empty()) refuse(path_, "holds nothing to load");
  for (std::size_t i = 0; i < parts_.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (parts_[i].begin < parts_[k].end && parts_[k].begin < parts_[i].end)
        refuse(path_, "two of its segments overlap, at " + hex(std::max(parts_[i].begin, parts_[k].begin)));
}

void ElfImage::lay_out() {
  struct Rights {
    bool writable = false, executable = false;
  };
  std::map<std::uint64_t, Rights> pages;
  for (const Part& p : parts_) {
    for (std::uint64_t page = p.begin / page_bytes; page <= (p.end - 1) / page_bytes; ++page) {
      pages[page].writable |= p.writable;
      pages[page].executable |= p.executable;
    }
  }
  regions_.clear();
  std::uint64_t next = 0;
  for (const auto& [page, rights] : pages) {
    if (regions_.empty() || page != next || regions_.back().writable != rights.writable ||
        regions_.back().executable != rights.executable)
      regions_.push_back({static_cast<std::uint32_t>(page * page_bytes), rights.writable, rights.executable, {}});
    regions_.back().bytes.resize(regions_.back().bytes.size() + page_bytes);
    next = page + 1;
  }
  for (const Part& p : parts_) {
    for (ElfRegion& r : regions_) {
      const std::uint64_t begin = std::max<std::uint64_t>(p.begin, r.address);
      const std::uint64_t end = std::min<std::uint64_t>(p.begin + p.filled, std::uint64_t{r.address} + r.bytes.size());
      if (begin < end)
        std::memcpy(r.bytes.data() + (begin - r.address), file_.data() + p.offset + (begin - p.begin), end - begin);
    }
  }
}

void ElfImage::add_memory(std::uint32_t begin, std::uint32_t end) {
  if (begin >= end) return;
  if (end - begin > most_bytes || end > 0xE0000000u)
    refuse(path_,
           "its memory from " + hex(begin) + " to " + hex(end) + " is too large, or among the processor's registers");
  parts_.push_back({begin, end, true, false, 0, 0});
  lay_out();
}

const std::uint8_t* ElfImage::at(std::uint32_t address, std::uint32_t bytes) const {
  for (const ElfRegion& r : regions_)
    if (address >= r.address && address - r.address <= r.bytes.size() &&
        bytes <= r.bytes.size() - (address - r.address))
      return r.bytes.data() + (address - r.address);
  return nullptr;
}

void ElfImage::each_symbol(const std::function<bool(const char*, const Elf32_Sym&)>& visit) const {
  Elf32_Ehdr header;
  if (!take(file_, 0, header) || header.e_shentsize != sizeof(Elf32_Shdr)) return;
  for (std::uint32_t i = 0; i < header.e_shnum; ++i) {
    Elf32_Shdr table, names;
    if (!take(file_, header.e_shoff + std::uint64_t{i} * sizeof table, table)) return;
    if (table.sh_type != SHT_SYMTAB) continue;
    if (!take(file_, header.e_shoff + std::uint64_t{table.sh_link} * sizeof names, names)) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf32_Sym) <= table.sh_size; at += sizeof(Elf32_Sym)) {
      Elf32_Sym symbol;
      if (!take(file_, table.sh_offset + at, symbol)) break;
      const std::uint64_t text = std::uint64_t{names.sh_offset} + symbol.st_name;
      if (text >= file_.size()) continue;
      const char* name = reinterpret_cast<const char*>(file_.data()) + text;
      if (std::memchr(name, 0, file_.size() - text) && visit(name, symbol)) return;
    }
  }
}

bool ElfImage::is_code(std::uint32_t address) const {
  const std::uint32_t at = address & ~1u;
  return (address & 1) != 0 && std::any_of(regions_.begin(), regions_.end(), [&](const ElfRegion& r) {
           return r.executable && at >= r.address && at - r.address < r.size();
         });
}

bool ElfImage::has_section(const std::string& name) const {
  Elf32_Ehdr header;
  Elf32_Shdr names, section;
  if (!take(file_, 0, header) || header.e_shentsize != sizeof(Elf32_Shdr) ||
      !take(file_, header.e_shoff + std::uint64_t{header.e_shstrndx} * sizeof names, names))
    return false;
  for (std::uint32_t i = 0; i < header.e_shnum; ++i) {
    if (!take(file_, header.e_shoff + std::uint64_t{i} * sizeof section, section)) return false;
    const std::uint64_t at = std::uint64_t{names.sh_offset} + section.sh_name;
    if (at + name.size() < file_.size() && std::memcmp(file_.data() + at, name.c_str(), name.size() + 1) == 0)
      return true;
  }
  return false;
}

std::optional<std::uint32_t> ElfImage::symbol(const std::string& name) const {
  std::optional<std::uint32_t> found;
  each_symbol([&](const char* its, const Elf32_Sym& symbol) {
    if (symbol.st_shndx != SHN_UNDEF && name == its) found = symbol.st_value;
    return found.has_value();
  });
  return found;
}

std::string ElfImage::function_at(std::uint32_t address) const {
  std::string found = hex(address);
  each_symbol([&](const char* name, const Elf32_Sym& symbol) {
    if (ELF32_ST_TYPE(symbol.st_info) != STT_FUNC || (symbol.st_value & ~1u) != (address & ~1u)) return false;
    found = name;
    return true;
  });
  return found;
}

}  // namespace pensim
