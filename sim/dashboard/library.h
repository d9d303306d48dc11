// library.h - what there is to open: scenarios by folder, recordings in runs/.
#pragma once

#include <string>
#include <vector>

#include "sim/recording/recording.h"

namespace pensim::dashboard {

struct LibraryScenario {
  std::string path, label, folder;  // opens it; as shown; "treatment"
  std::string title, problem;       // what is wrong with the file; "" if nothing
  std::vector<std::string> tags;
  double duration_s = 0;
  bool read = false;
};

struct LibraryRecording {
  std::string path, title, scenario, verdict, problem;
  double duration_s = 0;
  std::vector<MinMax> depth;  // tip depth over the run, for its thumbnail
  bool read = false;
};

struct Library {
  std::string scenarios_folder = "scenarios", runs_folder = "runs";
  bool listed = false, complete = false;  // the folders were listed; every file was read
  std::vector<LibraryScenario> scenarios;
  std::vector<LibraryRecording> recordings;  // newest first
  std::string search;
  std::string first;    // recording that is to be compared with the next one that is picked
  std::string problem;  // why nothing could be listed
};

// Lists the folders at the first call, then reads `count` files; true when all are read.
bool read_library(Library& library, int count);

}  // namespace pensim::dashboard
