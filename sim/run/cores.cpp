#include "sim/run/cores.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <vector>

#include "firmware_shim/target.h"
#include "sim/input/input_error.h"
#include "sim/platform/file.h"
#include "sim/platform/process.h"
#include "sim/platform/program.h"

namespace pensim {

namespace fs = std::filesystem;

std::string find_core(const std::string& firmware) {
  const auto fail = [&](const std::string& message, const std::string& hint) -> std::string {
    throw InputError(InputProblem{{"firmware", 0, 0}, message, hint});
  };
  if (firmware.rfind("native:", 0) == 0) {
    const std::string path = firmware.substr(7);
    if (!fs::is_regular_file(path))
      return fail(fmt::format("there is no file {}", path), "native: takes the path of a shared object");
    return path;
  }
  if (firmware.rfind("emulated:", 0) == 0 || firmware.rfind("link:", 0) == 0)
    return fail(fmt::format("{}: this build runs native cores only", firmware), "give NAME or native:PATH.so");
  if (firmware.empty() || firmware.find('/') != std::string::npos)
    return fail(fmt::format("'{}' is no name of a core", firmware), "give NAME, or native:PATH.so for a file");
  std::vector<std::string> known;
  std::string looked;
  for (const fs::path folder : core_folders()) {
    std::error_code error;
    if (fs::is_regular_file(folder / (firmware + ".so"), error))
      return (folder / (firmware + ".so")).lexically_normal().string();
    looked += (looked.empty() ? "" : ", ") + folder.lexically_normal().string();
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".so") known.push_back(entry.path().stem().string());
  }
  const std::string near = nearest_name(firmware, known);
  return fail(fmt::format("there is no core '{}' in {}", firmware, looked),
              near.empty() ? "build it, name its folder in PENSIM_CORES, or give native:PATH.so"
                           : fmt::format("did you mean '{}'?", near));
}

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
