// elf_image.h - the ELF file of a core for ARM, checked, and its memory as the processor finds it after power-on.
//
// Read: ELF32, little-endian, ARM, executable; PT_LOAD segments at their run address, and a second copy at their load
// address where that differs (a start-up that copies .data itself finds it there); the symbol table. A file that
// contradicts itself, or asks for more than 64 MiB, is refused with a sentence.
#pragma once

#include <elf.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pensim {

// Whole pages of 4 KiB with the same rights, side by side.
struct ElfRegion {
  std::uint32_t address = 0;
  bool writable = false, executable = false;
  std::vector<std::uint8_t> bytes;  // zero where the file says nothing
  std::uint32_t size() const { return static_cast<std::uint32_t>(bytes.size()); }
};

class ElfImage {
 public:
  // Throws std::runtime_error: PATH: what is wrong.
  explicit ElfImage(const std::string& path);

  // The address of a symbol, as linked.
  std::optional<std::uint32_t> symbol(const std::string& name) const;
  // The name of the function that begins there, else the address as text.
  std::string function_at(std::uint32_t address) const;
  // Memory that the segments do not name, such as room for the stack: zeros, writable. Throws std::runtime_error.
  void add_memory(std::uint32_t begin, std::uint32_t end);
  // Nothing where not all of it is in one region.
  const std::uint8_t* at(std::uint32_t address, std::uint32_t bytes) const;
  const std::vector<ElfRegion>& regions() const { return regions_; }
  // Bit 0 is set, and the half-word there may run.
  bool is_code(std::uint32_t address) const;
  bool has_section(const std::string& name) const;
  const std::string& path() const { return path_; }

 private:
  struct Part {
    std::uint64_t begin = 0, end = 0;  // of memory
    bool writable = false, executable = false;
    std::uint64_t offset = 0, filled = 0;  // in the file
  };
  // visit(name, symbol) for each symbol until it returns true.
  void each_symbol(const std::function<bool(const char*, const Elf32_Sym&)>& visit) const;
  void read_header();
  void lay_out();

  std::string path_;
  std::vector<std::uint8_t> file_;
  std::vector<Part> parts_;
  std::vector<ElfRegion> regions_;
};

}  // namespace pensim
