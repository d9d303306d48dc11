#include "firmware_shim/native/backtrace.h"

#include <cxxabi.h>
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>

namespace pensim {

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 && text ? text : name;
  std::free(text);
  return result;
}

namespace {

struct Object {
  std::string path;
  std::uint64_t begin = ~0ull, end = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> code;  // executable parts
  bool core = false;
};

bool is_code(const std::vector<Object>& objects, std::uint64_t pc) {
  for (const Object& o : objects)
    for (const auto& [begin, end] : o.code)
      if (pc >= begin && pc < end) return true;
  return false;
}

std::vector<Object> objects_of(const std::string& maps, const std::string& core_file, std::uint64_t core_begin,
                               std::uint64_t core_end) {
  std::map<std::string, Object> found;
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    unsigned long long begin = 0, end = 0;
    char rights[8] = "";
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %7s %*s %*s %*s %n", &begin, &end, rights, &name_at) < 3 || name_at == 0)
      continue;
    const std::string name = line.substr(static_cast<std::size_t>(name_at));
    const bool core = begin < core_end && core_begin < end;
    if (!core && (name.empty() || name[0] != '/')) continue;
    Object& o = found[core ? std::string() : name];
    o.path = core ? core_file : name;
    o.core = core;
    o.begin = std::min<std::uint64_t>(o.begin, begin);
    o.end = std::max<std::uint64_t>(o.end, end);
    if (rights[2] == 'x') o.code.emplace_back(begin, end);
  }
  std::vector<Object> objects;
  for (auto& [name, o] : found)
    if (!o.code.empty()) objects.push_back(std::move(o));
  std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) { return a.begin < b.begin; });
  return objects;
}

// What libdwfl asks of a dead process.
struct Dead {
  Registers registers;
  const StackCopy* stack;
  std::vector<std::pair<std::uint64_t, bool>> pcs;  // pc, and whether it is the instruction itself (not a return
                                                    // address)
  std::size_t limit;
};

pid_t next_thread(Dwfl*, void* argument, void** thread_argument) {
  if (*thread_argument) return 0;
  *thread_argument = argument;
  return getpid();
}

bool memory_read(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* argument) {
  const StackCopy& stack = *static_cast<Dead*>(argument)->stack;
  if (address < stack.address || stack.bytes.size() < 8 || address - stack.address > stack.bytes.size() - 8)
    return false;
  std::memcpy(result, stack.bytes.data() + (address - stack.address), 8);
  return true;
}

bool set_initial_registers(Dwfl_Thread* thread, void* argument) {
  const Dead& dead = *static_cast<Dead*>(argument);
  Dwarf_Word words[17];
  std::copy(dead.registers.begin(), dead.registers.end(), words);
  return dwfl_thread_state_registers(thread, 0, 17, words);
}

int take_frame(Dwfl_Frame* frame, void* argument) {
  Dead& dead = *static_cast<Dead*>(argument);
  Dwarf_Addr pc = 0;
  bool activation = false;
  if (!dwfl_frame_pc(frame, &pc, &activation)) return DWARF_CB_ABORT;
  if (pc == 0) return DWARF_CB_ABORT;  // the end of a fiber
  dead.pcs.emplace_back(pc, activation);
  return dead.pcs.size() < dead.limit ? DWARF_CB_OK : DWARF_CB_ABORT;
}

const Dwfl_Thread_Callbacks thread_callbacks = {next_thread,           nullptr, memory_read,
                                                set_initial_registers, nullptr, nullptr};

std::string function_name(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (unsigned code : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    const char* name = dwarf_formstring(dwarf_attr_integrate(die, code, &attribute));
    if (name) return demangled(name);
  }
  const char* name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
  return name ? name : "";
}

std::string without_dots(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');) {
    if (part == "." || part.empty()) continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else
      parts.push_back(part);
  }
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() && path[0] != '/' ? "" : "/") + part;
  return joined;
}

// Relative to the working directory, else to what the file and the directory of compilation have in common: a report
// reads the same whoever's checkout it comes from.
std::string short_path(const char* file, const char* compiled_in) {
  if (!file) return "";
  std::string path = without_dots(file);
  if (path.empty() || path[0] != '/') return path;
  char here[PATH_MAX];
  if (getcwd(here, sizeof here)) {
    const std::string prefix = std::string(here) + "/";
    if (prefix.size() > 1 && path.rfind(prefix, 0) == 0) return path.substr(prefix.size());
  }
  if (!compiled_in || compiled_in[0] != '/') return path;
  const std::string directory = without_dots(compiled_in) + "/";
  std::size_t common = 0;
  for (std::size_t i = 0; i < directory.size() && i < path.size() && directory[i] == path[i]; ++i)
    if (path[i] == '/') common = i + 1;
  const auto depth = std::count(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(common), '/');
  return depth >= 3 ? path.substr(common) : path;  // "/" or "/home/" in common says nothing
}

// clang writes no table of address ranges (.debug_aranges): then every unit is asked.
Dwarf_Die* unit_of(Dwfl_Module* module, Dwarf_Addr at, Dwarf_Addr* bias) {
  if (Dwarf_Die* unit = dwfl_module_addrdie(module, at, bias)) return unit;
  Dwarf_Die* unit = nullptr;
  while ((unit = dwfl_module_nextcu(module, unit, bias)) != nullptr)
    if (dwarf_haspc(unit, at - *bias) > 0) return unit;
  return nullptr;
}

class Names {
 public:
  Names(Dwfl* dwfl, const std::vector<Object>& objects) : dwfl_(dwfl), objects_(objects) {}

  // The frames of one pc: inlined functions first, then the one that was called.
  void add(std::uint64_t pc, bool exact, std::vector<Frame>& frames) const {
    const std::uint64_t at = exact ? pc : pc - 1;
    Frame frame;
    frame.pc = pc;
    for (const Object& o : objects_)
      if (at >= o.begin && at < o.end) {
        frame.in_core = o.core;
        frame.module = o.path.substr(o.path.rfind('/') + 1);
      }
    Dwfl_Module* module = dwfl_addrmodule(dwfl_, at);
    if (!module) {
      frames.push_back(frame);
      return;
    }
    Dwarf_Addr bias = 0;
    Dwarf_Die* unit = unit_of(module, at, &bias);
    const char* compiled_in = nullptr;
    Dwarf_Files* files = nullptr;
    std::size_t file_count = 0;
    if (unit) {
      Dwarf_Attribute attribute;
      compiled_in = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
      if (dwarf_getsrcfiles(unit, &files, &file_count) != 0) files = nullptr;
      if (Dwarf_Line* line = dwarf_getsrc_die(unit, at - bias)) {
        dwarf_lineno(line, &frame.line);
        frame.file = short_path(dwarf_linesrc(line, nullptr, nullptr), compiled_in);
      }
    }
    Dwarf_Die* scopes = nullptr;
    const int count = unit ? dwarf_getscopes(unit, at - bias, &scopes) : -1;
    Dwarf_Die* chain = nullptr;
    const int chain_count = count > 0 ? dwarf_getscopes_die(&scopes[0], &chain) : -1;
    for (int i = 0; i < chain_count; ++i) {
      Dwarf_Die* die = &chain[i];
      const int tag = dwarf_tag(die);
      if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
      frame.function = function_name(die);
      frames.push_back(frame);
      if (tag == DW_TAG_subprogram) break;
      Dwarf_Attribute attribute;
      Dwarf_Word file = 0, line = 0;
      dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line);
      dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file);
      frame.line = static_cast<int>(line);
      frame.file =
          files && file < file_count ? short_path(dwarf_filesrc(files, file, nullptr, nullptr), compiled_in) : "";
    }
    std::free(scopes);
    std::free(chain);
    if (!frames.empty() && frames.back().pc == pc && !frames.back().function.empty() && chain_count > 0) return;
    if (const char* name = dwfl_module_addrname(module, at)) frame.function = demangled(name);
    frames.push_back(frame);
  }

 private:
  Dwfl* dwfl_;
  const std::vector<Object>& objects_;
};

// An image with 4-byte pointers may lie elsewhere than it is linked, but its file says that it may not (the linker
// makes
// ET_EXEC of a movable program whose first address is not 0), and libdwfl believes the file: a descriptor of a copy
// that
// says otherwise. -1 for every other file, which may be taken as it is. libdwfl closes the descriptor.
int movable(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Elf32_Half type = 0;
  constexpr std::size_t at = offsetof(Elf32_Ehdr, e_type);
  if (bytes.size() < sizeof(Elf32_Ehdr) || bytes[EI_CLASS] != ELFCLASS32) return -1;
  std::memcpy(&type, bytes.data() + at, sizeof type);
  if (type != ET_EXEC) return -1;
  type = ET_DYN;
  std::memcpy(bytes.data() + at, &type, sizeof type);
  const int fd = memfd_create("core", MFD_CLOEXEC);
  if (fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

}  // namespace

namespace {

struct ArmCore {
  ArmWords registers;
  const std::function<bool(std::uint32_t, std::uint32_t&)>* read;
  std::vector<std::pair<std::uint64_t, bool>> pcs;  // as in Dead
  std::size_t limit;
  ArmWords last{};  // of the frame before an exception's
  bool exception = false;
  bool first = true;
};

bool is_exc_return(std::uint64_t pc) { return pc >= 0xFFFFFF00u; }

bool arm_memory_read(Dwfl*, Dwarf_Addr address, Dwarf_Word* result, void* argument) {
  std::uint32_t word = 0;
  if (!(*static_cast<ArmCore*>(argument)->read)(static_cast<std::uint32_t>(address), word)) return false;
  *result = word;
  return true;
}

bool arm_initial_registers(Dwfl_Thread* thread, void* argument) {
  const ArmCore& core = *static_cast<ArmCore*>(argument);
  Dwarf_Word words[16];
  std::copy(core.registers.begin(), core.registers.end(), words);
  dwfl_thread_state_register_pc(thread, core.registers[15]);
  return dwfl_thread_state_registers(thread, 0, 16, words);
}

int take_arm_frame(Dwfl_Frame* frame, void* argument) {
  ArmCore& core = *static_cast<ArmCore*>(argument);
  Dwarf_Addr pc = 0;
  if (!dwfl_frame_pc(frame, &pc, nullptr) || (pc & ~1ull) == 0) return DWARF_CB_ABORT;
  for (int r = 0; r < 15; ++r) {
    Dwarf_Word word = 0;
    if (dwfl_frame_reg(frame, static_cast<unsigned>(r), &word) == 0)
      core.last[static_cast<std::size_t>(r)] = static_cast<std::uint32_t>(word);
  }
  core.last[15] = static_cast<std::uint32_t>(pc);
  if (is_exc_return(pc)) {
    core.exception = true;
    return DWARF_CB_ABORT;
  }
  // A return address lies behind its call and has bit 0 set.
  core.pcs.emplace_back(pc & ~1ull, core.first);
  core.first = false;
  return core.pcs.size() < core.limit ? DWARF_CB_OK : DWARF_CB_ABORT;
}

const Dwfl_Thread_Callbacks arm_callbacks = {next_thread,           nullptr, arm_memory_read,
                                             arm_initial_registers, nullptr, nullptr};

// The registers of what an exception has interrupted, from its frame.
bool leave_exception(ArmCore& core, std::uint32_t process_stack) {
  const std::uint32_t exc_return = core.last[15];
  const std::uint32_t frame = (exc_return & 4) ? process_stack : core.last[13];
  static constexpr std::size_t order[8] = {0, 1, 2, 3, 12, 14, 15, 13};
  core.registers = core.last;
  std::uint32_t xpsr = 0;
  for (std::uint32_t i = 0; i < 8; ++i) {
    std::uint32_t word = 0;
    if (!(*core.read)(frame + 4 * i, word)) return false;
    if (i == 7)
      xpsr = word;
    else
      core.registers[order[i]] = word;
  }
  core.registers[13] = frame + ((exc_return & 0x10) ? 0x20u : 0x68u) + ((xpsr & 0x200) ? 4u : 0u);
  core.registers[15] &= ~1u;
  core.exception = false;
  core.first = true;
  return true;
}

}  // namespace

std::vector<Frame> arm_backtrace(const ArmWords& registers, std::uint32_t process_stack,
                                 const std::function<bool(std::uint32_t, std::uint32_t&)>& read,
                                 const std::string& core_file, std::size_t limit) {
  Dwfl_Callbacks callbacks{};
  callbacks.find_elf = dwfl_build_id_find_elf;
  callbacks.find_debuginfo = [](Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                                char**) { return -1; };
  std::vector<Object> objects(1);
  objects[0].path = core_file;
  objects[0].begin = 0;
  objects[0].end = ~0ull;
  objects[0].core = true;
  ArmCore core{registers, &read, {}, limit};
  std::vector<Frame> frames;
  const std::unique_ptr<Dwfl, void (*)(Dwfl*)> names_of(dwfl_begin(&callbacks), dwfl_end);
  if (!names_of) return frames;
  dwfl_report_begin(names_of.get());
  dwfl_report_elf(names_of.get(), "core", core_file.c_str(), -1, 0, false);
  dwfl_report_end(names_of.get(), nullptr, nullptr);
  if (!dwfl_addrmodule(names_of.get(), registers[15])) {
    // A jump to where no code is: the caller is in LR.
    core.pcs.emplace_back(registers[15], true);
    core.registers[15] = registers[14] & ~1u;
    core.first = false;
  }
  for (int exceptions = 0; exceptions < 8 && core.pcs.size() < limit; ++exceptions) {
    // One state can be attached to a Dwfl, so each stretch between two exceptions has its own.
    const std::unique_ptr<Dwfl, void (*)(Dwfl*)> walk(dwfl_begin(&callbacks), dwfl_end);
    if (!walk) break;
    dwfl_report_begin(walk.get());
    Dwfl_Module* module = dwfl_report_elf(walk.get(), "core", core_file.c_str(), -1, 0, false);
    dwfl_report_end(walk.get(), nullptr, nullptr);
    GElf_Addr bias = 0;
    Elf* elf = module ? dwfl_module_getelf(module, &bias) : nullptr;
    if (!elf || !dwfl_attach_state(walk.get(), elf, getpid(), &arm_callbacks, &core)) break;
    const std::size_t before = core.pcs.size();
    dwfl_getthread_frames(walk.get(), getpid(), take_arm_frame, &core);
    if (core.pcs.size() == before && !core.exception) {
      core.pcs.emplace_back(core.registers[15], core.first);  // no unwind information there
      break;
    }
    if (!core.exception || !leave_exception(core, process_stack)) break;
  }
  const Names names(names_of.get(), objects);
  for (const auto& [pc, exact] : core.pcs) names.add(pc, exact, frames);
  if (frames.size() > limit) frames.resize(limit);
  return frames;
}

std::vector<Frame> backtrace(const Registers& registers, const StackCopy& stack, const std::string& maps,
                             const std::string& core_file, std::uint64_t core_begin, std::uint64_t core_end,
                             std::size_t limit) {
  const std::vector<Object> objects = objects_of(maps, core_file, core_begin, core_end);
  Dwfl_Callbacks callbacks{};
  callbacks.find_elf = dwfl_build_id_find_elf;
  // Only what is in the file itself: the usual search may ask a server for the debug information of libraries.
  callbacks.find_debuginfo = [](Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                                char**) { return -1; };
  const std::unique_ptr<Dwfl, void (*)(Dwfl*)> dwfl(dwfl_begin(&callbacks), dwfl_end);
  if (!dwfl) return {};
  dwfl_report_begin(dwfl.get());
  for (const Object& o : objects)
    dwfl_report_elf(dwfl.get(), o.path.c_str(), o.path.c_str(), o.core ? movable(o.path) : -1, o.begin, false);
  dwfl_report_end(dwfl.get(), nullptr, nullptr);

  Dead dead{registers, &stack, {}, limit};
  bool first_is_return = false;
  if (!is_code(objects, registers[reg_rip])) {
    // A call of rubbish: no walk goes through it, but the call has left its return address on the stack.
    dead.pcs.emplace_back(registers[reg_rip], true);
    Dwarf_Word caller = 0;
    if (memory_read(nullptr, registers[reg_rsp], &caller, &dead)) {
      dead.registers[reg_rip] = caller;
      dead.registers[reg_rsp] += 8;
      first_is_return = true;
    }
  }
  // Registers have 64 bits, also where the core's file says 32.
  Elf* wide = nullptr;
  dwfl_getmodules(
      dwfl.get(),
      [](Dwfl_Module* module, void**, const char*, Dwarf_Addr, void* found) {
        Dwarf_Addr bias = 0;
        Elf* elf = dwfl_module_getelf(module, &bias);
        if (!elf || gelf_getclass(elf) != ELFCLASS64) return static_cast<int>(DWARF_CB_OK);
        *static_cast<Elf**>(found) = elf;
        return static_cast<int>(DWARF_CB_ABORT);
      },
      &wide, 0);
  const std::size_t before = dead.pcs.size();
  if ((before == 0 || first_is_return) && is_code(objects, dead.registers[reg_rip]) &&
      dwfl_attach_state(dwfl.get(), wide, getpid(), &thread_callbacks, &dead))
    dwfl_getthread_frames(dwfl.get(), getpid(), take_frame, &dead);
  if (first_is_return && dead.pcs.size() > before) dead.pcs[before].second = false;

  const Names names(dwfl.get(), objects);
  std::vector<Frame> frames;
  for (const auto& [pc, exact] : dead.pcs) names.add(pc, exact, frames);
  if (frames.size() > limit) frames.resize(limit);
  return frames;
}

}  // namespace pensim
