#include "sim/run/cores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "firmware_shim/link/link_target.h"
#include "firmware_shim/target.h"
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

// What `ask` says in a process of its own, behind a '+', or the sentence of its exception; "" if that process ended.
template <class F>
std::string asked_in_child(F ask) {
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    std::string said;
    try {
      said = "+" + ask();
    } catch (const std::exception& error) {
      said = error.what();
    }
    write_all(pipe.write_end, said);
    _exit(0);
  }
  close(pipe.write_end);
  std::string text = read_to_end(pipe.read_end);
  close(pipe.read_end);
  wait_for(pid);
  return text;
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

}  // namespace

std::string core_refusal(const TargetSpec& core) {
  static std::vector<std::pair<TargetSpec, std::string>> known;
  for (const auto& [asked, why] : known)
    if (asked == core) return why;
  std::string text = asked_in_child([&] {
    open_target(core);
    return std::string();
  });
  if (text == "+")
    text.clear();
  else if (text.empty())
    text = "loading it ended the process";
  known.emplace_back(core, text);
  return text;
}

std::string settle_board(TargetSpec& core) {
  static std::vector<std::pair<std::string, std::string>> known;  // a board is asked once per address
  const auto asked = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == core.address; });
  std::string said = asked != known.end() ? asked->second : asked_in_child([&] {
    TargetSpec any = core;
    any.link.expects.clear();
    const BoardIdentity board = identify_board(any);
    return board.build_id + "\n" + board.text();
  });
  if (asked == known.end()) known.emplace_back(core.address, said);
  if (said.empty() || said[0] != '+') return said.empty() ? "asking the board ended the process" : said;
  const std::size_t line = said.find('\n');
  const std::string build_id = said.substr(1, line - 1), text = said.substr(line + 1);
  core.path = image_of(build_id);
  if (!is_expected(core, build_id))
    return fmt::format("this is the wrong board: it runs {}, expected {}", text, core.link.expects);
  core.link.expects = build_id;
  return "";
}

}  // namespace pensim
