export function findChromiums(): string[];
export function findChromium(): string | undefined;
export function findFirefox(): string | undefined;
export function findSwiftShaders(): string[];
export function findSystemDrivers(): string[];
export function vulkanSources(): (string | undefined)[];
