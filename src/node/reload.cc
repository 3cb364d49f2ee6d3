#include "node/reload.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "node/files/durable_file.h"

namespace transom::node {
namespace {

/// Equal for equal content. The hash is keyed by this process, so that nobody can make two contents look alike.
std::uint64_t content_of(const std::vector<std::string>& files) {
  std::string all;
  for (const std::string& file : files) all += description_of(file) + '\n';
  return keyed_hash(all);
}

constexpr const char* kResultNames[] = {"loaded", "unchanged", "kept"};

std::string kept_text(const std::string& part, const std::string& why) {
  return fmt::format("{}: the old one stays: {}", part, why);
}

void log_outcome(const ReloadOutcome& outcome) {
  for (const std::string& warning : outcome.warnings) log_warn("{}", warning);
  if (outcome.result == ReloadOutcome::Result::kept) {
    log_error("{}", kept_text(outcome.part, outcome.text));
  } else if (!outcome.text.empty()) {
    log_info("{}: {}", outcome.part, outcome.text);
  }
}

}  // namespace

std::string description_of(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return std::strerror(errno);
  const auto content = read_if_present(file);
  if (!content) {
    return fmt::format("{} {}.{} {} {}", status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size,
                       content.error().message);
  }
  const std::uint64_t octets = *content ? keyed_hash(**content) : 0;
  return fmt::format("{:x} {:o} {}", octets, status.st_mode, status.st_uid);
}

nlohmann::json json_of(const std::vector<ReloadOutcome>& outcomes) {
  auto list = nlohmann::json::array();
  for (const ReloadOutcome& outcome : outcomes) {
    list.push_back({{"part", outcome.part},
                    {"result", kResultNames[static_cast<std::size_t>(outcome.result)]},
                    {"text", outcome.text},
                    {"warnings", outcome.warnings}});
  }
  return list;
}

struct Reloader::Run {
  Cause cause;
  std::vector<Done> waiting;
  std::vector<ReloadOutcome> outcomes;  // one for each part
  std::vector<std::size_t> prepared;    // those that are to be put in place
  std::size_t unsettled = 0;
};

Reloader::Reloader(io::Loop& loop, std::vector<std::unique_ptr<Reloadable>> parts)
    : loop_(loop), parts_(std::make_shared<Parts>()) {
  for (auto& part : parts) {
    const std::uint64_t content = content_of(part->files());
    parts_->push_back({std::move(part), content});
  }
}

std::vector<std::string> Reloader::files() const {
  std::vector<std::string> all;
  for (const Part& part : *parts_) {
    for (std::string& file : part.what->files()) all.push_back(std::move(file));
  }
  return all;
}

std::vector<std::string> Reloader::kept() const {
  std::vector<std::string> all;
  for (const auto& [part, why] : kept_) all.push_back(kept_text(part, why));
  return all;
}

void Reloader::reload(Cause cause, Done done) {
  if (cause == Cause::asked) cause_ = Cause::asked;
  waiting_.push_back(std::move(done));
  if (!running_) start();
}

void Reloader::start() {
  running_ = true;
  auto run = std::make_shared<Run>(Run{std::exchange(cause_, Cause::noticed), std::exchange(waiting_, {}), {}, {}});
  const auto work = [run, parts = parts_] {
    for (std::size_t i = 0; i < parts->size(); ++i) {
      bool prepared = false;
      run->outcomes.push_back(attempt((*parts)[i], run->cause, prepared));
      if (prepared) run->prepared.push_back(i);
    }
  };
  loop_.offload(work, [this, run, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) settle(run);
  });
}

ReloadOutcome Reloader::attempt(Part& part, Cause cause, bool& prepared) {
  ReloadOutcome outcome{part.what->name(), ReloadOutcome::Result::unchanged, "", {}};
  const std::uint64_t content = content_of(part.what->files());
  const bool changed = content != part.content || (part.failed && cause == Cause::asked);
  if (!changed && cause == Cause::noticed) return outcome;
  part.content = content;
  const Status status = part.what->prepare(outcome.warnings);
  part.failed = !status;
  prepared = status.has_value();
  if (!status) {
    outcome.result = ReloadOutcome::Result::kept;
    outcome.text = status.error().message;
  } else if (changed) {
    outcome.result = ReloadOutcome::Result::loaded;
  }
  return outcome;
}

void Reloader::settle(const std::shared_ptr<Run>& run) {
  run->unsettled = run->prepared.size() + 1;
  for (const std::size_t index : run->prepared) {
    (*parts_)[index].what->settle([this, run, index, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) commit(run, index);
    });
  }
  if (--run->unsettled == 0) finish(run);
}

void Reloader::commit(const std::shared_ptr<Run>& run, std::size_t index) {
  run->outcomes[index].text = (*parts_)[index].what->commit();
  kept_.erase(run->outcomes[index].part);
  if (--run->unsettled == 0) finish(run);
}

void Reloader::finish(const std::shared_ptr<Run>& run) {
  running_ = false;
  for (const ReloadOutcome& outcome : run->outcomes) {
    log_outcome(outcome);
    if (outcome.result == ReloadOutcome::Result::kept) kept_[outcome.part] = outcome.text;
  }
  if (!run->prepared.empty() && loaded_) loaded_();
  for (const Done& done : run->waiting) {
    if (done) done(run->outcomes);
  }
  if (!waiting_.empty() && !running_) start();
}

}  // namespace transom::node
