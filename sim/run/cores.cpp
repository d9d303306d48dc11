#include "sim/run/cores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "firmware_shim/target.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"

namespace pensim {

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

std::string core_refusal(const TargetSpec& core) {
  static std::vector<std::pair<TargetSpec, std::string>> known;
  for (const auto& [asked, why] : known)
    if (asked == core) return why;
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    std::string why = "+";
    try {
      open_target(core);
    } catch (const std::exception& error) {
      why = error.what();
    }
    write_all(pipe.write_end, why);
    _exit(0);
  }
  close(pipe.write_end);
  std::string text = read_to_end(pipe.read_end);
  close(pipe.read_end);
  wait_for(pid);
  if (text == "+")
    text.clear();
  else if (text.empty())
    text = "loading it ended the process";
  known.emplace_back(core, text);
  return text;
}

}  // namespace pensim
