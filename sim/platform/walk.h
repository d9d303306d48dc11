// walk.h - what lies below a folder, on the file system of the folder.
#pragma once

#include <functional>
#include <string>

namespace pensim {

enum class Found : unsigned char {
  file,
  folder,
  link_to_folder,  // not followed: it could lead round in a circle
  dangling_link,
  special,       // a pipe, a socket, a device
  other_system,  // a folder on which another file system is mounted; not entered
  unreadable     // a folder that cannot be opened
};

// Calls `visit` for all that is below `root`, in the order of names; a folder is entered if it returns true. Nothing is
// opened but folders.
void walk(const std::string& root, const std::function<bool(const std::string& path, Found)>& visit);

// "", or what kind of file it is if it is neither a regular file nor a folder nor absent: "a pipe", "a socket" ...
std::string special_file(const std::string& path);

// Whether a folder belongs to a file system that only shows the kernel (/proc, /sys).
bool shows_the_kernel(const std::string& folder);

}  // namespace pensim
