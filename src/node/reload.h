// Makes parts of a running node anew out of their files: whoever asks for it, it ends here.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/loop.h"

namespace transom::node {

/// A part of the running node that is made out of files, and can be made again beside the one that serves.
class Reloadable {
 public:
  virtual ~Reloadable() = default;
  /// What people know it by.
  virtual std::string name() const = 0;
  virtual std::vector<std::string> files() const = 0;
  /// Makes the new one. Off the loop, for it may block; nothing of it shows before `commit`.
  virtual Status prepare(std::vector<std::string>& warnings) = 0;
  /// Between the two, on core 0: what takes time, but not a thread. Calls `ready` once, now or later.
  virtual void settle(std::function<void()> ready) { ready(); }
  /// Puts the new one in the place of the old one, on core 0, and says in a few words what it is.
  virtual std::string commit() = 0;
};

/// What decides whether a file can be used, as a text that is equal for equal ones: its octets, mode and owner. Of one
/// that cannot be read, what its directory tells, so that its next version is tried as well. Holds nothing of a secret.
std::string description_of(const std::string& file);

/// What became of one part.
struct ReloadOutcome {
  enum class Result {
    loaded,
    unchanged,  // its files hold what they held; loaded again all the same if somebody asked
    kept,       // the new one cannot be used, the old one goes on
  };
  std::string part;
  Result result = Result::unchanged;
  std::string text;  // what was loaded, or why it was not
  std::vector<std::string> warnings;
};

/// [{"part", "result": "loaded" | "unchanged" | "kept", "text", "warnings"}]
nlohmann::json json_of(const std::vector<ReloadOutcome>& outcomes);

/// Runs one reload at a time; what is asked for meanwhile becomes one more run after it. Lives on core 0's thread. What
/// its parts refer to must live as long as the loop, whose thread pool may be at work on them until then.
class Reloader {
 public:
  enum class Cause {
    asked,    // by a person or a program: everything is loaded again
    noticed,  // files may have changed: only parts for which they hold something else than at the last attempt
  };
  using Done = std::function<void(const std::vector<ReloadOutcome>&)>;

  /// Takes note of what the files hold: made before they are loaded for the first time, so that no change is missed.
  Reloader(io::Loop& loop, std::vector<std::unique_ptr<Reloadable>> parts);

  /// Tells the log and `done` what became of each part.
  void reload(Cause cause, Done done = {});
  /// Called after each run that replaced something.
  void on_loaded(std::function<void()> callback) { loaded_ = std::move(callback); }
  /// The files of all parts.
  std::vector<std::string> files() const;
  /// One sentence for each part that still serves the old one because its files cannot be used.
  std::vector<std::string> kept() const;

 private:
  struct Part {
    std::unique_ptr<Reloadable> what;
    std::uint64_t content = 0;  // of its files at the last attempt
    bool failed = false;
  };
  using Parts = std::vector<Part>;
  struct Run;

  static ReloadOutcome attempt(Part& part, Cause cause, bool& prepared);
  void start();
  void settle(const std::shared_ptr<Run>& run);
  void commit(const std::shared_ptr<Run>& run, std::size_t index);
  void finish(const std::shared_ptr<Run>& run);

  io::Loop& loop_;
  const std::shared_ptr<Parts> parts_;  // belongs to the run, if there is one
  Cause cause_ = Cause::noticed;        // of the run to come
  std::vector<Done> waiting_;           // for the run to come
  bool running_ = false;
  std::map<std::string, std::string> kept_;  // by the part's name: why
  std::function<void()> loaded_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace transom::node
