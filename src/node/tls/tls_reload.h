// The certificates of one listener, and all else that its TLS context is made of, as a part that can be reloaded.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "node/ocsp/stapler.h"
#include "node/reload.h"
#include "serve/listener.h"
#include "tls/context.h"

namespace transom::node {

/// `listener`, `resources` and `stapler` live as long as the loop. New connections get the new context; handshakes in
/// flight and open sessions keep theirs.
class TlsReload final : public Reloadable {
 public:
  TlsReload(serve::Listener& listener, const tls::ServerResources& resources, OcspStapler& stapler);

  std::string name() const override { return listener_.description(); }
  std::vector<std::string> files() const override;
  Status prepare(std::vector<std::string>& warnings) override;
  void settle(std::function<void()> ready) override;
  std::string commit() override;

 private:
  std::vector<std::string> describe_files() const;
  std::string describe_change() const;

  serve::Listener& listener_;
  const tls::ServerResources& resources_;
  OcspStapler& stapler_;
  std::shared_ptr<const tls::ServerContext> prepared_;
  std::vector<std::string> loaded_, found_;  // descriptions of the files: of those that serve, and of those prepared
};

}  // namespace transom::node
