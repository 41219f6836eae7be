// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "fabric/fabric.h"

namespace gridlock {

/// A fabric that carries nothing and says it has carried this much; it remembers its cables.
class FakeFabric final : public Fabric {
 public:
  int add_port(const std::filesystem::path&, unsigned) override { return 0; }
  std::vector<PortCounters> counters() const override { return {}; }
  Traffic dlm_traffic() const override { return traffic; }
  bool hold(Milliseconds) override { return true; }
  std::vector<KeptFrame> kept(Milliseconds) override { return {}; }
  void release() override {}
  void set_cable(int port, Cable cable) override {
    cables[port] = cable;
    if (cable == Cable::cut) cut.push_back(port);
  }
  void inject(const std::vector<KeptFrame>&) override {}

  Traffic traffic{1000, 50'000};
  std::map<int, Cable> cables;  ///< as they are now, of those that were set
  std::vector<int> cut;         ///< ports whose cable was cut, in order
};

}  // namespace gridlock
