/**
 * Installs the Debian packages that tests drive (browser, load generator, servers), where that is possible: on
 * Debian, as root. Elsewhere it says what is missing; the tests that need it skip and say so.
 * `npm test` calls it; run it by hand to see what is there.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

interface TestServer {
  readonly debianPackage: string;
  /** Any of these files means that it is installed. */
  readonly files: readonly string[];
  readonly usedBy: string;
}

const SERVERS: readonly TestServer[] = [
  { debianPackage: "chromium", files: ["/usr/bin/chromium"], usedBy: "the console's page" },
  {
    debianPackage: "redis-server",
    files: ["/usr/bin/redis-server"],
    usedBy: "message stores in Redis",
  },
  {
    debianPackage: "rabbitmq-server",
    files: ["/usr/lib/rabbitmq/bin/rabbitmq-server"],
    usedBy: "message stores in RabbitMQ",
  },
  {
    debianPackage: "mariadb-server",
    files: ["/usr/sbin/mariadbd"],
    usedBy: "dblookup and dbreport on MySQL",
  },
  {
    debianPackage: "postgresql",
    files: ["/usr/lib/postgresql"],
    usedBy: "dblookup and dbreport on PostgreSQL",
  },
];

const missing = SERVERS.filter(({ files }) => !files.some((file) => existsSync(file)));
const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

if (missing.length > 0 && mayInstall) install(missing.map(({ debianPackage }) => debianPackage));
for (const { debianPackage, files, usedBy } of missing) {
  if (files.some((file) => existsSync(file))) continue;
  const hint = mayInstall
    ? "apt-get could not install it"
    : `as root: apt-get install ${debianPackage}`;
  console.log(`${debianPackage} is not here (${hint}); the tests of ${usedBy} will skip`);
}

function install(packages: readonly string[]): void {
  console.log(`Installing ${packages.join(", ")} from Debian's packages ...`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (args: readonly string[]): boolean =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: environment })
      .status === 0;
  const arguments_ = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
  if (!run(arguments_)) {
    run(["update", "-qq"]);
    run(arguments_);
  }
}
