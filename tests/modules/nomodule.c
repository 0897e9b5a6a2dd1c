/* nomodule.c - a shared object that is no module; for tests alone. */
extern const int nomodule;
__attribute__((visibility("default"))) const int nomodule = 1;
