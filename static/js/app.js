// Live parts of the pages, beyond what htmx attributes express. Every page works without this script.
import { watchBadge } from "./badge.js";
import { watchCatalogTable } from "./catalog-table.js";
import { watchFailures } from "./failures.js";
import { watchMenus } from "./menu.js";
import { watchPanel } from "./panel.js";
import { watchPictures } from "./pictures.js";
import { watchPolling } from "./polling.js";
import { watchSourcePreview } from "./source-preview.js";

watchPictures();
watchPolling();
watchFailures();
watchPanel();
watchBadge();
watchCatalogTable();
watchMenus();
watchSourcePreview();
