// The manual page and the completion know what the command line knows, and no more; bash takes the completion as it is.
#include "sim/cli/describe.h"

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace pensim::test {
namespace {

struct Line {
  CLI::App app{"pensim - runs pens - and stops them", "pensim"};
  std::string scenario, keep = "all";
  int jobs = 2;
  bool always = true, secret = false;

  Line() {
    app.set_version_flag("--version", "0");
    app.footer("Begin with: pensim run a.yaml");
    CLI::App* run = app.add_subcommand("run", "run scenarios");
    run->add_option("scenarios", scenario, "files")->required();
    run->add_option("--jobs,-j", jobs, "runs at a time")->capture_default_str();
    run->add_option("--keep", keep, "which to keep")->check(CLI::IsMember({"all", "failed", "none"}));
    run->add_flag("!--no-always", always, ".leading dot and back\\slash");
    run->add_flag("--secret", secret, "not for users")->group("");
    app.add_subcommand("rerun", "run again")->add_option("recording", scenario);
    app.add_subcommand("serve", "not for users")->group("");
  }
};

TEST(Describe, ManualPageHasEveryCommandAndOptionThatHelpShows) {
  const Line line;
  const std::string page = manual_page(line.app, "1.2.3");
  for (const char* part :
       {".TH pensim 1 \"\" \"pensim 1.2.3\"", "pensim \\- runs pens \\- and stops them\n",
        ".SS \\fBpensim run\\fR \\fISCENARIOS\\fR\n",
        "\\fB\\-\\-jobs\\fR, \\fB\\-j\\fR \\fIINT\\fR\nruns at a time (default: 2)\n",
        "\\fB\\-\\-keep\\fR \\fIall|failed|none\\fR\n", "\\fB\\-\\-no\\-always\\fR\n\\&.leading dot and back\\eslash\n",
        ".SS \\fBpensim rerun\\fR [\\fIRECORDING\\fR]\n", "\\fB\\-\\-version\\fR\n", "Begin with: pensim run a.yaml"})
    EXPECT_NE(page.find(part), std::string::npos) << part << "\nin\n" << page;
  for (const char* hidden : {"serve", "secret"}) EXPECT_EQ(page.find(hidden), std::string::npos) << hidden;
}

std::string completed(const std::string& file, const std::string& words, int current) {
  const std::string script = "source " + file + "; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(current) +
                             "; _pensim; echo \"${COMPREPLY[*]}\"";
  const Ran ran = run_program("/bin/bash", {"-c", script});
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

TEST(Describe, BashCompletesCommandsOptionsAndChoices) {
  const Folder f;
  const Line line;
  write_file(f / "pensim", bash_completion(line.app));
  EXPECT_EQ(completed(f / "pensim", "pensim r", 1), "run rerun\n");
  EXPECT_EQ(completed(f / "pensim", "pensim s", 1), "\n");
  EXPECT_EQ(completed(f / "pensim", "pensim run --", 2), "--help --jobs --keep --no-always\n");
  EXPECT_EQ(completed(f / "pensim", "pensim run --keep ''", 3), "all failed none\n");
  EXPECT_EQ(completed(f / "pensim", "pensim run --keep f", 3), "failed\n");
  EXPECT_EQ(completed(f / "pensim", "pensim run a", 2), "\n");  // a file: bash's own
}

}  // namespace
}  // namespace pensim::test
