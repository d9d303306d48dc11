#include "sim/run/cores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "firmware_shim/link/link_target.h"
#include "firmware_shim/target.h"
#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"

namespace pensim {

namespace fs = std::filesystem;

std::string core_build_id(const std::string& path) {
  std::string id;
  elf_version(EV_CURRENT);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return id;
  Elf* elf = elf_begin(file, ELF_C_READ, nullptr);
  for (Elf_Scn* section = nullptr; elf != nullptr && (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_NOTE) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    GElf_Nhdr note;
    std::size_t name = 0, text = 0;
    if (data == nullptr || gelf_getnote(data, 0, &note, &name, &text) == 0 || note.n_type != NT_GNU_BUILD_ID) continue;
    for (std::size_t i = 0; i < note.n_descsz; ++i)
      id += fmt::format("{:02x}", static_cast<const unsigned char*>(data->d_buf)[text + i]);
    break;
  }
  if (elf != nullptr) elf_end(elf);
  close(file);
  return id;
}

namespace {

struct Closed {
  int descriptor;
  ~Closed() {
    if (descriptor >= 0) close(descriptor);
  }
};

// The bytes of a file that nobody changes meanwhile, in a file in memory that can only be read. Throws
// std::system_error.
int copy_of(const std::string& path) {
  const auto fail = [](int copy, int code = errno) {
    if (copy >= 0) close(copy);
    throw std::system_error(code, std::generic_category());
  };
  struct stat before {
  }, after{};
  const Closed file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0 || fstat(file.descriptor, &before) != 0) fail(-1);
  const int copy = memfd_create(fs::path(path).filename().c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy < 0) fail(-1);
  std::vector<char> bytes(1 << 20);
  try {
    for (std::size_t n; (n = read_some(file.descriptor, bytes.data(), bytes.size()).value_or(0)) > 0;)
      write_all(copy, {bytes.data(), n});
  } catch (const std::system_error& error) {
    fail(copy, error.code().value());
  }
  const bool same = fstat(file.descriptor, &after) == 0 && before.st_size == after.st_size &&
                    before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
  if (!same) fail(copy, ETXTBSY);
  fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
  return copy;
}

// The image with this build id in the folders of cores.
std::string image_of(const std::string& build_id) {
  std::error_code error;
  for (const std::string& folder : core_folders())
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (const fs::path& p = entry.path(); p.extension() == ".elf" || p.extension() == ".so")
        if (!build_id.empty() && core_build_id(p.string()) == build_id) return p.lexically_normal().string();
  return "";
}

// "NAME" of NAME.so, NAME.twice.so, NAME.board.elf
std::string core_name(const std::string& path) {
  const std::string file = fs::path(path).filename().string();
  return file.substr(0, file.find('.'));
}

bool is_expected(const TargetSpec& core, const std::string& build_id) {
  const std::string& expected = core.link.expects;
  if (expected.empty()) return true;
  if (std::error_code error; fs::is_regular_file(expected, error)) return core_build_id(expected) == build_id;
  if (expected.size() >= 8 && build_id.starts_with(expected)) return true;
  return !core.path.empty() && core_name(core.path) == expected;
}

// A shared object of this machine in which nothing is called pen_runtime: somebody's, whose constructors must not run.
bool is_foreign_library(const std::string& path) {
  bool library = false, found = false;
  elf_version(EV_CURRENT);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  Elf* elf = elf_begin(file, ELF_C_READ, nullptr);
  GElf_Ehdr header;
  library = elf != nullptr && gelf_getehdr(elf, &header) != nullptr && header.e_type == ET_DYN &&
            header.e_machine == EM_X86_64 && header.e_ident[EI_CLASS] == ELFCLASS64;
  for (Elf_Scn* section = nullptr; library && (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr at;
    if (gelf_getshdr(section, &at) == nullptr || at.sh_type != SHT_DYNSYM || at.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    for (std::size_t i = 0; data != nullptr && i < at.sh_size / at.sh_entsize; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr || symbol.st_shndx == SHN_UNDEF) continue;
      const char* const name = elf_strptr(elf, at.sh_link, symbol.st_name);
      found = found || (name != nullptr && std::strcmp(name, "pen_runtime") == 0);
    }
  }
  if (elf != nullptr) elf_end(elf);
  close(file);
  return library && !found;
}

// In the words of the user, who never saw the name of the copy.
std::string in_users_words(std::string text, const TargetSpec& core) {
  if (core.file.empty()) return text;
  for (std::size_t at = 0; (at = text.find(core.path, at)) != std::string::npos; at += core.file.size())
    text.replace(at, core.path.size(), core.file);
  return text;
}

}  // namespace

void hold_core(TargetSpec& core) {
  static std::map<std::string, std::string> held;
  if (core.path.empty() || !core.file.empty()) return;
  auto known = held.find(core.path);
  if (known == held.end()) known = held.emplace(core.path, "/proc/self/fd/" + std::to_string(copy_of(core.path))).first;
  core.file = core.path;
  core.path = known->second;
}

std::string core_elsewhere(const std::string& path) { return fs::path(path).replace_extension(".twice.so").string(); }

TargetSpec core_of_other_kind(const TargetSpec& core) {
  TargetSpec other = core;
  const bool native = core.kind == TargetSpec::Kind::native;
  other.kind = native ? TargetSpec::Kind::emulated : TargetSpec::Kind::native;
  other.path = fs::path(core.shown()).replace_extension(native ? ".elf" : ".so").string();
  other.file.clear();
  return other;
}

CoreFacts core_facts(const TargetSpec& core, const Patience& patience) {
  if (core.kind == TargetSpec::Kind::native && is_foreign_library(core.path))
    return {core.shown() +
            ": a shared object, but no firmware core: it exports no pen_runtime (build it with "
            "pensim_add_core)"};
  static std::vector<std::pair<TargetSpec, CoreFacts>> known;
  for (const auto& [asked, facts] : known)
    if (asked == core) return facts;
  const Answer answer = ask_in_child(core, patience, Descriptors::closed, [&](const CrashReport& report) {
    return std::to_string(open_guarded(core, report)->tick_us());
  });
  CoreFacts facts{in_users_words(answer.why_not, core)};
  if (answer.said) facts.tick_us = static_cast<std::uint32_t>(std::strtoul(answer.said->c_str(), nullptr, 10));
  known.emplace_back(core, facts);
  return facts;
}

std::string core_refusal(const TargetSpec& core) { return core_facts(core).why_not; }

std::string settle_board(TargetSpec& core) {
  static std::vector<std::pair<std::string, Answer>> known;  // a board is asked once per address
  const auto asked = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == core.address; });
  Answer answer;
  if (asked != known.end()) {
    answer = asked->second;
  } else {
    answer = ask_in_child(core, {}, Descriptors::closed, [&](const CrashReport&) {
      TargetSpec any = core;
      any.link.expects.clear();
      const BoardIdentity board = identify_board(any);
      return board.build_id + "\n" + board.text();
    });
    known.emplace_back(core.address, answer);
  }
  if (!answer.said) return answer.why_not;
  const std::string& said = *answer.said;
  const std::size_t line = said.find('\n');
  const std::string build_id = said.substr(0, line), text = said.substr(line + 1);
  core.path = image_of(build_id);
  if (!is_expected(core, build_id))
    return fmt::format("this is the wrong board: it runs {}, expected {}", text, core.link.expects);
  core.link.expects = build_id;
  return "";
}

}  // namespace pensim
