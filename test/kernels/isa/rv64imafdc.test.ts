// SPDX-License-Identifier: Apache-2.0
import { describeKernels } from './describeKernels.js';

describeKernels('rv64imafdc');
