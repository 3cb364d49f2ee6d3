#include "node/reload.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "node/files/test_directory.h"

namespace transom::node {
namespace {

using Cause = Reloader::Cause;
using Outcome = ReloadOutcome::Result;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Serves what stands in a file, unless that is "bad".
class TextPart final : public Reloadable {
 public:
  TextPart(std::string file, std::string& served, std::vector<std::function<void()>>* held = nullptr)
      : file_(std::move(file)), served_(served), held_(held) {}
  std::string name() const override { return "text"; }
  std::vector<std::string> files() const override { return {file_}; }
  Status prepare(std::vector<std::string>& warnings) override {
    next_ = content(file_);
    if (next_ == "bad") return fail("it is bad");
    if (next_ == "odd") warnings.push_back("it is odd");
    return {};
  }
  void settle(std::function<void()> ready) override {
    if (held_ == nullptr) return ready();
    held_->push_back(std::move(ready));
  }
  std::string commit() override {
    served_ = next_;
    return "is " + served_;
  }

 private:
  const std::string file_;
  std::string& served_;
  std::string next_;
  std::vector<std::function<void()>>* held_;
};

struct Reloading {
  explicit Reloading(bool hold = false) {
    write(file, "first");
    std::vector<std::unique_ptr<Reloadable>> parts;
    parts.push_back(std::make_unique<TextPart>(file, served, hold ? &held : nullptr));
    reloader.emplace(loop, std::move(parts));
    reloader->on_loaded([this] { ++loaded; });
  }
  ReloadOutcome run(Cause cause) {
    std::vector<ReloadOutcome> result;
    reloader->reload(cause, [&](const std::vector<ReloadOutcome>& outcomes) {
      result = outcomes;
      loop.stop();
    });
    loop.run();
    EXPECT_EQ(result.size(), 1U);
    return result.empty() ? ReloadOutcome{} : result[0];
  }

  TestDirectory directory;
  std::string file = directory.path() + "/text", served = "first";
  std::vector<std::function<void()>> held;
  io::Loop loop;
  std::optional<Reloader> reloader;
  int loaded = 0;
};

TEST(Reload, OnlyChangesUnlessAsked) {
  Reloading node;
  EXPECT_EQ(node.run(Cause::noticed).result, Outcome::unchanged);
  EXPECT_EQ(node.loaded, 0);
  const ReloadOutcome again = node.run(Cause::asked);
  EXPECT_EQ(again.result, Outcome::unchanged);
  EXPECT_EQ(again.text, "is first");
  EXPECT_EQ(node.loaded, 1) << "loaded all the same";
  write(node.file, "odd");
  const ReloadOutcome changed = node.run(Cause::noticed);
  EXPECT_EQ(changed.result, Outcome::loaded);
  EXPECT_EQ(changed.warnings, std::vector<std::string>{"it is odd"});
  EXPECT_EQ(node.served, "odd");
  EXPECT_EQ(node.loaded, 2);
}

TEST(Reload, ABadOneKeepsTheOldAndIsTriedAgainWhenItChanges) {
  Reloading node;
  write(node.file, "bad");
  const ReloadOutcome kept = node.run(Cause::noticed);
  EXPECT_EQ(kept.result, Outcome::kept);
  EXPECT_EQ(kept.text, "it is bad");
  EXPECT_EQ(node.served, "first");
  EXPECT_EQ(node.run(Cause::noticed).result, Outcome::unchanged) << "said once";
  EXPECT_EQ(node.reloader->kept(), std::vector<std::string>{"text: the old one stays: it is bad"}) << "for `status`";
  EXPECT_EQ(node.run(Cause::asked).result, Outcome::kept) << "but whoever asks is told";
  ASSERT_EQ(chmod(node.file.c_str(), 0600), 0);
  EXPECT_EQ(node.run(Cause::noticed).result, Outcome::kept) << "a mode may have been the reason";
  write(node.file, "first");
  EXPECT_EQ(node.run(Cause::noticed).result, Outcome::loaded);
  EXPECT_TRUE(node.reloader->kept().empty());
  std::filesystem::remove(node.file);
  EXPECT_EQ(node.run(Cause::noticed).result, Outcome::loaded) << "a missing file is a change as well";
}

TEST(Reload, WhatIsAskedDuringARunBecomesOneMore) {
  Reloading node(true);
  int done = 0;
  const auto count = [&](const std::vector<ReloadOutcome>& outcomes) {
    EXPECT_EQ(outcomes.at(0).result, Outcome::unchanged);
    if (++done == 4) node.loop.stop();
  };
  const auto release = [&] {
    while (node.held.empty()) uv_run(node.loop.native(), UV_RUN_ONCE);
    EXPECT_EQ(node.held.size(), 1U);
    std::exchange(node.held, {}).front()();
  };
  node.reloader->reload(Cause::asked, count);
  for (const Cause cause : {Cause::noticed, Cause::asked, Cause::noticed}) node.reloader->reload(cause, count);
  release();
  EXPECT_EQ(done, 1);
  release();
  EXPECT_EQ(done, 4);
  EXPECT_EQ(node.loaded, 2);
}

TEST(Reload, WorkMayEndAfterTheReloader) {
  Reloading node(true);
  node.reloader->reload(Cause::asked);
  while (node.held.empty()) uv_run(node.loop.native(), UV_RUN_ONCE);
  node.reloader->reload(Cause::asked);
  node.reloader.reset();
  node.held.front()();
  EXPECT_EQ(node.loaded, 0);
}

TEST(Reload, AsJson) {
  const auto json = json_of({{"tcp :1", Outcome::kept, "it is bad", {"w"}}});
  EXPECT_EQ(json.dump(), R"([{"part":"tcp :1","result":"kept","text":"it is bad","warnings":["w"]}])");
}

}  // namespace
}  // namespace transom::node
