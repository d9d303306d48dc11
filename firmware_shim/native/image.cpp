#include "firmware_shim/native/image.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "firmware_shim/address_text.h"

namespace pensim {
namespace {

constexpr std::uintptr_t lowest_place = 0x10000, highest_place = 0x100000000;
constexpr std::uintptr_t copies_begin = 0x20000000, copies_end = 0x30000000, copies_apart = 0x01000000;
constexpr std::size_t most_file_bytes = 512u << 20, most_memory_bytes = 256u << 20, most_segments = 14;

struct File {
  int fd;
  explicit File(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

bool map_at(std::uintptr_t begin, std::uintptr_t bytes) {
  void* wanted = reinterpret_cast<void*>(begin);
  void* got = ::mmap(wanted, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted) return true;
  if (got != MAP_FAILED) ::munmap(got, bytes);
  return false;
}

}  // namespace

bool CoreImage::is_one(const std::string& path) {
  const File file(path);
  unsigned char ident[EI_NIDENT];
  return file.fd >= 0 && ::read(file.fd, ident, sizeof ident) == static_cast<ssize_t>(sizeof ident) &&
         std::memcmp(ident, ELFMAG, SELFMAG) == 0 && ident[EI_CLASS] == ELFCLASS32;
}

CoreImage::CoreImage(const std::string& path) : path_(path) {
  read_file();
  read_header();
  read_segments();
  find_place();
  try {
    fill();
    relocate();
  } catch (...) {
    ::munmap(reinterpret_cast<void*>(mapping_begin_), mapping_bytes_);
    throw;
  }
}

CoreImage::~CoreImage() {
  debugger_remove(debugger_);
  ::munmap(reinterpret_cast<void*>(mapping_begin_), mapping_bytes_);
}

void CoreImage::refuse(const std::string& why) const { throw std::runtime_error(path_ + ": " + why); }

template <class T>
T CoreImage::from_file(std::uint64_t offset, const char* what) const {
  if (offset > file_.size() || sizeof(T) > file_.size() - offset)
    refuse(std::string("the file ends within its ") + what + " (truncated?)");
  T value;
  std::memcpy(&value, file_.data() + offset, sizeof value);
  return value;
}

void CoreImage::read_file() {
  const File file(path_);
  struct stat status {};
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0) refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) refuse("not a file");
  if (static_cast<std::uint64_t>(status.st_size) > most_file_bytes) refuse("larger than 512 MB: no core");
  file_.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t done = 0; done < file_.size();) {
    const ssize_t got = ::read(file.fd, file_.data() + done, file_.size() - done);
    if (got < 0) refuse(std::strerror(errno));
    if (got == 0) {
      file_.resize(done);
      break;
    }
    done += static_cast<std::size_t>(got);
  }
}

void CoreImage::read_header() {
  const auto header = from_file<Elf32_Ehdr>(0, "ELF header");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != EM_X86_64)
    refuse("an ELF file of 32 bits for another processor (machine " + std::to_string(header.e_machine) +
           "); native: takes what pensim_add_core builds for x86-64");
  if ((header.e_type != ET_EXEC && header.e_type != ET_DYN) || header.e_phentsize != sizeof(Elf32_Phdr))
    refuse("no linked program: build it with pensim_add_core");
  entry_ = header.e_entry;
}

void CoreImage::read_segments() {
  const auto header = from_file<Elf32_Ehdr>(0, "ELF header");
  for (std::uint32_t i = 0; i < header.e_phnum; ++i) {
    const auto p = from_file<Elf32_Phdr>(header.e_phoff + std::uint64_t{i} * sizeof(Elf32_Phdr), "program headers");
    const std::string name = "segment " + std::to_string(i) + " at " + hex(p.p_vaddr);
    if (p.p_type == PT_INTERP) refuse("a program with a dynamic loader of its own: build it with pensim_add_core");
    if (p.p_type == PT_TLS && p.p_memsz)
      refuse("has thread-local variables; a core with 4-byte pointers has no threads");
    if (p.p_type == PT_DYNAMIC) {
      dynamic_address_ = p.p_vaddr;
      dynamic_bytes_ = p.p_memsz;
    }
    if (p.p_type == PT_GNU_RELRO) {
      read_only_begin_ = p.p_vaddr;
      read_only_end_ = static_cast<std::uintptr_t>(p.p_vaddr) + p.p_memsz;
    }
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    if (p.p_filesz > p.p_memsz) refuse(name + " has more bytes in the file than in memory");
    if (std::uint64_t{p.p_offset} + p.p_filesz > file_.size()) refuse("the file ends within " + name + " (truncated?)");
    if (p.p_vaddr < lowest_place || std::uint64_t{p.p_vaddr} + p.p_memsz > highest_place)
      refuse(name + " lies outside of " + hex(lowest_place) + ".." + hex(highest_place - 1));
    loads_.push_back({p.p_offset, p.p_vaddr, p.p_filesz, p.p_memsz, p.p_flags});
  }
  if (loads_.empty()) refuse("nothing to load in it");
  if (loads_.size() > most_segments) refuse("more than " + std::to_string(most_segments) + " segments");
  std::sort(loads_.begin(), loads_.end(), [](const Load& a, const Load& b) { return a.address < b.address; });
  for (std::size_t i = 1; i < loads_.size(); ++i)
    if (page_down(loads_[i].address) <
        page_up(static_cast<std::uintptr_t>(loads_[i - 1].address) + loads_[i - 1].memory_bytes))
      refuse("the segments at " + hex(loads_[i - 1].address) + " and " + hex(loads_[i].address) + " overlap");
}

void CoreImage::find_place() {
  const std::uintptr_t begin = page_down(loads_.front().address);
  const std::uintptr_t end = page_up(static_cast<std::uintptr_t>(loads_.back().address) + loads_.back().memory_bytes);
  mapping_bytes_ = end - begin;
  if (mapping_bytes_ > most_memory_bytes) refuse("wants " + std::to_string(mapping_bytes_ >> 20) + " MB; at most 256");
  mapping_begin_ = begin;
  bool mapped = map_at(begin, mapping_bytes_);
  movable_ = dynamic_bytes_ != 0;
  for (std::uintptr_t at = copies_begin; !mapped && movable_ && at + mapping_bytes_ <= copies_end; at += copies_apart) {
    mapping_begin_ = at;
    mapped = map_at(at, mapping_bytes_);
  }
  if (!mapped)
    refuse("its memory " + hex(begin) + ".." + hex(end - 1) + " is in use in this process" +
           (movable_ ? ", and so is all of " + hex(copies_begin) + ".." + hex(copies_end - 1) : ""));
  bias_ = mapping_begin_ - begin;
  entry_ += static_cast<std::uint32_t>(bias_);
}

void CoreImage::fill() {
  for (const Load& l : loads_) {
    Segment s;
    s.begin = l.address + bias_;
    s.filled = s.begin + l.file_bytes;
    s.end = s.begin + l.memory_bytes;
    s.writable = (l.flags & PF_W) != 0;
    s.executable = (l.flags & PF_X) != 0;
    if (l.file_bytes) std::memcpy(reinterpret_cast<void*>(s.begin), file_.data() + l.offset, l.file_bytes);
    segments_.push_back(s);
  }
  read_only_begin_ += bias_;
  read_only_end_ += bias_;
  // Whole pages at the beginning of one segment, or nothing.
  read_only_end_ = page_down(read_only_end_);
  const bool inside = std::any_of(segments_.begin(), segments_.end(), [&](const Segment& s) {
    return s.writable && read_only_begin_ == s.begin && read_only_end_ <= s.end && read_only_begin_ < read_only_end_;
  });
  if (!inside) read_only_begin_ = read_only_end_ = 0;
}

void* CoreImage::at(std::uint32_t address, std::size_t bytes) const {
  for (const Segment& s : segments_)
    if (address >= s.begin && address < s.end && bytes <= s.end - address)
      return reinterpret_cast<void*>(static_cast<std::uintptr_t>(address));
  return nullptr;
}

std::string CoreImage::text(std::uint32_t address, std::size_t limit) const {
  std::string text;
  for (; text.size() < limit; ++address) {
    const auto* c = static_cast<const char*>(at(address, 1));
    if (!c || !*c) break;
    text += *c;
  }
  return text;
}

void CoreImage::relocate() {
  if (!dynamic_bytes_) return;
  const auto moved = [&](std::uint32_t address) { return static_cast<std::uint32_t>(address + bias_); };
  std::uint32_t table = 0, bytes = 0, entry_bytes = sizeof(Elf32_Rela);
  for (std::uint32_t i = 0; i < dynamic_bytes_ / sizeof(Elf32_Dyn); ++i) {
    const auto* d = static_cast<const Elf32_Dyn*>(
        at(moved(dynamic_address_ + i * static_cast<std::uint32_t>(sizeof(Elf32_Dyn))), sizeof(Elf32_Dyn)));
    if (!d) refuse("its dynamic section lies outside of its segments");
    if (d->d_tag == DT_NULL) break;
    if (d->d_tag == DT_NEEDED) refuse("needs a shared library: a core with 4-byte pointers is linked statically");
    if (d->d_tag == DT_RELA) table = d->d_un.d_ptr;
    if (d->d_tag == DT_RELASZ) bytes = d->d_un.d_val;
    if (d->d_tag == DT_RELAENT) entry_bytes = d->d_un.d_val;
    if ((d->d_tag == DT_REL || d->d_tag == DT_PLTRELSZ) && d->d_un.d_val)
      refuse("relocations of a kind that is not known");
  }
  if (entry_bytes != sizeof(Elf32_Rela))
    refuse("relocations of " + std::to_string(entry_bytes) + " bytes, expected 12");
  const auto* relocations = static_cast<const Elf32_Rela*>(at(moved(table), bytes));
  if (bytes && !relocations) refuse("its table of relocations lies outside of its segments");
  for (std::uint32_t i = 0; i < bytes / sizeof(Elf32_Rela); ++i) {
    Elf32_Rela r;
    std::memcpy(&r, relocations + i, sizeof r);
    const auto type = ELF32_R_TYPE(r.r_info);
    if (type == R_X86_64_NONE) continue;
    const std::size_t size = type == R_X86_64_RELATIVE64 ? 8 : 4;
    if (type != R_X86_64_RELATIVE && type != R_X86_64_RELATIVE64)
      refuse("relocation " + std::to_string(i) + " has type " + std::to_string(type) +
             ", expected one that moves an address: build it with pensim_add_core");
    const std::uint32_t address = moved(r.r_offset);
    void* where = at(address, size);
    const bool writable = std::any_of(segments_.begin(), segments_.end(), [&](const Segment& s) {
      return s.writable && address >= s.begin && address < s.end;
    });
    if (!where || !writable)
      refuse("relocation " + std::to_string(i) + " is for " + hex(r.r_offset) +
             ", which is no writable memory of the core");
    const std::uint64_t value = static_cast<std::uint32_t>(static_cast<std::uint32_t>(r.r_addend) + bias_);
    std::memcpy(where, &value, size);
  }
}

void CoreImage::protect() {
  auto rights = [](std::uintptr_t begin, std::uintptr_t end, int protection) {
    if (begin < end) ::mprotect(reinterpret_cast<void*>(begin), end - begin, protection);
  };
  std::uintptr_t at = mapping_begin_;
  for (const Segment& s : segments_) {
    rights(at, page_down(s.begin), PROT_NONE);
    at = page_up(s.end);
    rights(page_down(s.begin), at, PROT_READ | (s.writable ? PROT_WRITE : 0) | (s.executable ? PROT_EXEC : 0));
  }
  rights(page_down(read_only_begin_), read_only_end_, PROT_READ);
  if (bias_ == 0) debugger_add(debugger_, file_);
}

}  // namespace pensim
