// Rules for the suite's own JavaScript: errors only, formatting is the editor's matter.
import js from "@eslint/js";

const browser = [
    "Blob", "CustomEvent", "Event", "File", "FormData", "HTMLElement", "IntersectionObserver", "MutationObserver",
    "Node", "ResizeObserver", "URL", "URLSearchParams", "clearInterval", "clearTimeout", "console", "document",
    "fetch", "localStorage", "location", "navigator", "requestAnimationFrame", "sessionStorage", "setInterval",
    "setTimeout", "window",
];

export default [
    { ignores: ["**/static/lib/**"] },
    js.configs.recommended,
    {
        files: ["**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: {
                ...Object.fromEntries(browser.map((name) => [name, "readonly"])),
                luxon: "readonly",
                odoo: "readonly",
                owl: "readonly",
            },
        },
        rules: {
            "array-callback-return": "error",
            complexity: ["error", 12],
            curly: "error",
            "default-case-last": "error",
            eqeqeq: ["error", "smart"],
            "no-console": "error",
            "no-duplicate-imports": "error",
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-return-assign": "error",
            "no-shadow": "error",
            "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_" }],
            "no-var": "error",
            "object-shorthand": "error",
            "prefer-const": "error",
        },
    },
];
