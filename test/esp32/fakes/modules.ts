// `modules`, as far as hosts/esp32 uses it: names of the archive's modules.
const Modules: { archive: string[] } = { archive: [] };
export default Modules;
