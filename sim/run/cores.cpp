#include "sim/run/cores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <map>

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

std::string core_refusal(const std::string& path) {
  static std::map<std::string, std::string> known;
  const auto it = known.find(path);
  if (it != known.end()) return it->second;
  const Pipe pipe = make_pipe();
  const pid_t pid = fork_child();
  if (pid == 0) {
    std::string why = "+";
    try {
      open_target({TargetSpec::Kind::native, path});
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
  return known[path] = text;
}

}  // namespace pensim
