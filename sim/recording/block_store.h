// block_store.h - where the process of a run puts what it recorded.
//
// The parent makes a BlockStore before the fork: a file without a name (in memory, or in a directory for runs too long
// for that), and one shared tail between guard pages, a file in memory too: both can be handed to another process,
// which makes its store of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/recording/plan.h"

namespace pensim {

// Where blocks go: made by the parent before the fork, inherited by the child. With `blocks_max` the parent takes them
// while the child goes on: the child waits when so many lie there that the parent has not forgotten. Throws
// std::runtime_error (no memory, disk full).
class BlockStore {
 public:
  // `directory`: "" keeps the blocks in memory (about 3 MB per second of run); else an unlinked file there.
  explicit BlockStore(RecordingPlan plan, const std::string& directory = "", unsigned blocks_max = 0);
  // Of another process' store with the same plan; takes the two descriptors over.
  BlockStore(RecordingPlan plan, int file, int tail_file);
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  const RecordingPlan& plan() const { return plan_; }
  int file() const { return file_; }
  unsigned char* tail() const { return tail_; }  // shared with the child
  int tail_file() const { return tail_file_; }
  std::size_t tail_size() const { return tail_size_; }
  std::vector<int> descriptors() const;  // what a process that writes needs
  // The child, before and after it adds a block.
  void await_room() const;
  void announce() const;
  // The parent: readable when there are new blocks (quiet() resets that); -1 without blocks_max.
  int news() const { return news_; }
  void quiet() const;
  // The first `bytes` of the file are needed no more; they held `blocks` that were not forgotten before.
  void forget(std::size_t bytes, std::size_t blocks) const;
  // Other files for the same plan; the tail stays at its address. Takes the descriptors over.
  void replace(int file, int tail_file);

 private:
  RecordingPlan plan_;
  void map_tail();

  int file_ = -1, tail_file_ = -1, news_ = -1, room_ = -1;
  unsigned char* tail_ = nullptr;
  std::size_t tail_size_ = 0;
};

}  // namespace pensim
