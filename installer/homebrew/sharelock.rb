# Filled in by installer/manifests; for a tap.
class Sharelock < Formula
  desc "Take turns on a shared database file, on any network folder, without a server"
  homepage "@URL@"
  url "@URL@/archive/refs/tags/v@VERSION@.tar.gz"
  sha256 "@SOURCE_SHA256@"
  license any_of: ["MIT", "Apache-2.0"]
  depends_on "rust" => :build

  def install
    system "cargo", "install", "--bin", "sharelock", *std_cargo_args
    generate_completions_from_executable(bin/"sharelock", "completions")
    (man1/"sharelock.1").write Utils.safe_popen_read(bin/"sharelock", "--lang", "en", "man")
  end

  test do
    (testpath/"base.db").write ""
    assert_match "is free", shell_output("#{bin}/sharelock --lang en status base.db")
  end
end
