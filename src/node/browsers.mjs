/**
 * Where browsers and their software Vulkan drivers lie on this machine. Plain JavaScript without a
 * dependency: the set-up scripts use it before any package is installed, and the library uses it too.
 */
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const chromiumNames = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
  "microsoft-edge-stable",
];

const chromiumPlaces = {
  linux: [
    "/opt/google/chrome/chrome",
    "/opt/microsoft/msedge/msedge",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
  ],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: windowsPlaces([
    "Google\\Chrome\\Application\\chrome.exe",
    "Chromium\\Application\\chrome.exe",
    "Microsoft\\Edge\\Application\\msedge.exe",
  ]),
};

const firefoxNames = ["firefox", "firefox-esr"];

const firefoxPlaces = {
  linux: ["/usr/lib/firefox-esr/firefox-esr", "/usr/lib/firefox/firefox", "/snap/bin/firefox"],
  darwin: ["/Applications/Firefox.app/Contents/MacOS/firefox"],
  win32: windowsPlaces(["Mozilla Firefox\\firefox.exe"]),
};

function windowsPlaces(tails) {
  const roots = ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].map((name) => process.env[name]);
  return roots.flatMap((root) => (root ? tails.map((tail) => join(root, tail)) : []));
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function onPath(names) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Every program puppeteer has downloaded for `browser`, newest version first. */
function downloaded(browser) {
  const cache = process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), ".cache", "puppeteer");
  const folder = join(cache, browser);
  if (!existsSync(folder)) return [];
  const tails = [
    ["chrome-linux64", "chrome"],
    ["chrome-win64", "chrome.exe"],
    ["chrome-win32", "chrome.exe"],
    ["chrome-mac-arm64", "Google Chrome for Testing.app", "Contents", "MacOS", "Google Chrome for Testing"],
    ["chrome-mac-x64", "Google Chrome for Testing.app", "Contents", "MacOS", "Google Chrome for Testing"],
    ["firefox", "firefox"],
    ["firefox", "firefox.exe"],
  ];
  const versions = readdirSync(folder).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return versions.flatMap((version) => tails.map((tail) => join(folder, version, ...tail)));
}

/**
 * The browsers built on Chromium that this machine has, best first: a configured one
 * (`PUPPETEER_EXECUTABLE_PATH`, `CHROME_PATH`), the system's, those puppeteer has downloaded.
 */
export function findChromiums() {
  const configured = [process.env.PUPPETEER_EXECUTABLE_PATH, process.env.CHROME_PATH].filter(Boolean);
  const system = [...onPath(chromiumNames), ...(chromiumPlaces[process.platform] ?? [])];
  const found = [...configured, ...system, ...downloaded("chrome")].filter(isProgram);
  return [...new Set(found)];
}

/** The first of {@link findChromiums}, or undefined. */
export function findChromium() {
  return findChromiums()[0];
}

/** A Firefox: `FIREFOX_PATH`, the system's, or one that puppeteer has downloaded. */
export function findFirefox() {
  const configured = [process.env.FIREFOX_PATH].filter(Boolean);
  const system = [...onPath(firefoxNames), ...(firefoxPlaces[process.platform] ?? [])];
  return [...configured, ...system, ...downloaded("firefox")].find(isProgram);
}

/** The manifest of the software Vulkan driver (SwiftShader) that each browser found brings along. */
export function findSwiftShaders() {
  const folders = findChromiums().flatMap((file) => [dirname(realpathSync(file)), dirname(file)]);
  const usual = [
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
    "/opt/microsoft/msedge",
  ];
  const manifests = [...folders, ...usual].map((folder) => join(folder, "vk_swiftshader_icd.json"));
  return [...new Set(manifests)].filter((file) => existsSync(file));
}

/** The manifests of the Vulkan drivers installed on the system, where the Vulkan loader looks for them. */
export function findSystemDrivers() {
  if (process.platform !== "linux") return [];
  const home = process.env.HOME ?? homedir();
  const dataHome = process.env.XDG_DATA_HOME ?? join(home, ".local", "share");
  const configHome = process.env.XDG_CONFIG_HOME ?? join(home, ".config");
  const shared = (process.env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share").split(":").filter(Boolean);
  const roots = [configHome, "/etc/xdg", "/usr/local/etc", "/etc", dataHome, ...shared];
  return [...new Set(roots)].flatMap((root) => manifestsIn(join(root, "vulkan", "icd.d")));
}

function manifestsIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name));
}

/**
 * Where the Vulkan loader should look for drivers, one try after another: undefined stands for the
 * system's own way, a path for that manifest alone. Where Linux has no driver of its own, the system's
 * way is left out, for Dawn would complain on stderr.
 */
export function vulkanSources() {
  if (process.platform !== "linux") return [undefined];
  const configured = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const hasSystem = Boolean(configured) || findSystemDrivers().length > 0;
  const software = findSwiftShaders().filter((manifest) => manifest !== configured);
  return hasSystem ? [undefined, ...software] : software;
}
