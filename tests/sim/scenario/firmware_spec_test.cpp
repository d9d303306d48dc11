// Every form in which a firmware is named, what is no such form, and where cores are found.
#include "sim/scenario/firmware_spec.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "sim/input/input_error.h"
#include "tests/sim/program.h"

namespace pensim {
namespace {

using Kind = FirmwareSpec::Kind;

TEST(FirmwareSpec, EveryFormIsReadAndWrittenAgain) {
  const struct {
    const char* given;
    Kind kind;
    const char *medium, *text;
    bool has_path;
  } forms[] = {
      {"reference_pen", Kind::name, "", "reference_pen", false},
      {"pen-2.1", Kind::name, "", "pen-2.1", false},
      {"native:a/b.so", Kind::native, "", "a/b.so", true},
      {"native:C:x.so", Kind::native, "", "C:x.so", true},
      {"emulated:/x.elf", Kind::emulated, "", "/x.elf", true},
      {"link:tcp:host:4000", Kind::link, "tcp", "host:4000", false},
      {"link:unix:/run/pen", Kind::link, "unix", "/run/pen", true},
      {"link:serial:/dev/ttyUSB0@115200", Kind::link, "serial", "/dev/ttyUSB0@115200", false},
  };
  for (const auto& form : forms) {
    const FirmwareSpec spec = parse_firmware(form.given);
    EXPECT_EQ(spec.kind, form.kind) << form.given;
    EXPECT_EQ(spec.medium, form.medium) << form.given;
    EXPECT_EQ(spec.text, form.text) << form.given;
    EXPECT_EQ(spec.has_path(), form.has_path) << form.given;
    EXPECT_EQ(firmware_text(spec), form.given);
  }
}

TEST(FirmwareSpec, WhatHasNoFormIsRefused) {
  for (const char* given : {"", "a b", "../core.so", "natve:x", ":x", "native:", "emulated:", "link:", "link:tcp:",
                            "link:tcp:host", "link:tcp::1", "link:tcp:host:", "link:unix:", "link:serial:/dev/x",
                            "link:serial:@9600", "link:serial:/dev/x@", "link:usb:1"})
    EXPECT_THROW(parse_firmware(given), std::invalid_argument) << given;
  EXPECT_THROW(parse_firmware(std::string(1001, 'x')), std::invalid_argument);
}

std::string refusal(const std::string& firmware) {
  try {
    return "found " + find_core(firmware).path;
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(FirmwareSpec, CoresAreFoundByNameAndByPath) {
  const test::Folder f;
  test::write_file(f / "one/pen.so", "");
  test::write_file(f / "two/pen.so", "");
  test::write_file(f / "two/pan.so", "");
  setenv("PENSIM_CORES", ((f / "one") + ":" + (f / "two")).c_str(), 1);
  EXPECT_EQ(find_core("pen").path, f / "one/pen.so");
  EXPECT_EQ(find_core("pan").path, f / "two/pan.so");
  EXPECT_EQ(find_core("native:" + (f / "two/pan.so")).path, f / "two/pan.so");
  EXPECT_NE(refusal("pem").find("there is no core 'pem' in " + (f / "one") + ", " + (f / "two")), std::string::npos);
  EXPECT_NE(refusal("pem").find("did you mean 'pe"), std::string::npos) << refusal("pem");
  unsetenv("PENSIM_CORES");
}

TEST(FirmwareSpec, AFileIsLookedForAndABoardIsNot) {
  const test::Folder f;
  EXPECT_NE(refusal("emulated:/nowhere.elf").find("there is no file /nowhere.elf"), std::string::npos);
  test::write_file(f / "pen.elf", "");
  EXPECT_THROW(find_core("emulated:" + (f / "pen.elf")), NeedsEmulator);
  const TargetSpec board = find_core("link:tcp:host:1");
  EXPECT_EQ(board.kind, TargetSpec::Kind::link);
  EXPECT_EQ(board.address, "tcp:host:1");
  EXPECT_NE(refusal("native:/nowhere.so").find("there is no file /nowhere.so"), std::string::npos);
  EXPECT_NE(refusal("a/b").find("expected the name of a firmware core, found `a/b`"), std::string::npos);
}

}  // namespace
}  // namespace pensim
